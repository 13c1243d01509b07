"""Feed a reader with whatever libFuzzer comes up with, guided by the branches that it takes in the reader.

    python tests/worker/inputs/fuzz/fuzz_reader.py cloud.laz CORPUS -max_total_time=600 -timeout=10 -rss_limit_mb=1024

The first argument is a file name, whose ending tells the format; the rest are libFuzzer's. A value or an `InputError`
with a sentence is right; anything else, an input that takes longer than -timeout or more memory than -rss_limit_mb ends
the run with the input saved.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["worker.inputs"]):
    from worker.inputs import (
        InputError,
        InputLimits,
        read_image,
        read_label_image,
        read_point_cloud,
        read_point_labels,
    )
    from worker.inputs.calibration_files import read_calibration

# A sweep's worth: what is larger takes its time in numpy, not in a reader's own steps.
_LIMITS = InputLimits(max_points=200_000, max_bytes=2**20, max_unpacked_bytes=2**22, max_image_pixels=10**6)


def read(name: str, data: bytes, folder: Path) -> None:
    """Read bytes as a file of that name."""
    if name.endswith((".png", ".jpg")):
        read_image(data, _LIMITS)
        read_label_image(data, _LIMITS)
    elif name.endswith((".label", "labels.npy")):
        read_point_labels(data, name, _LIMITS)
    elif name.startswith("calibration"):
        path = folder / name
        path.write_bytes(data)
        read_calibration(path)
    else:
        cloud = read_point_cloud(data, name, _LIMITS)
        assert len(cloud.points) == cloud.kept.sum()
        assert abs(cloud.points).max() < float("inf")


def main() -> None:
    """Run until libFuzzer is told to stop."""
    name = sys.argv.pop(1)
    folder = Path(tempfile.mkdtemp())

    def one_input(data: bytes) -> None:
        try:
            read(name, data, folder)
        except InputError as error:
            assert len(error.message) > 20

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
