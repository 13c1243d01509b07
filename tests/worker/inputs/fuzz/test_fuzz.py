"""Coverage-guided fuzzing of every reader: no crash, no hang, no gigabyte, always a clear error.

Some hundred inputs a format here; `make fuzz` sets FUZZ_SECONDS and takes that long for each, and finds more.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="atheris has no wheel for this platform")

HARNESS = Path(__file__).with_name("fuzz_reader.py")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "0"))
RUNS = 800
# YAML is parsed in Python.
RUNS_OF_TEXT = 250
MOST_MEMORY_MB = 1024
# A process starts with the peak memory of the one it was forked from, which for this one may be beyond the limit.
FORKING = ("sh", "-c", '"$@" & wait $!', "sh")
LONGEST_INPUT_S = 20

NAMES = [
    "cloud.bin",
    "cloud.pcd.bin",
    "cloud.pcd",
    "cloud.ply",
    "cloud.las",
    "cloud.laz",
    "cloud.npy",
    "cloud.csv",
    "labels.npy",
    "image.png",
    "image.jpg",
    "calibration",
]


@pytest.fixture
def seeds(valid_clouds, valid_las, valid_images) -> dict[str, list[bytes]]:
    """Return valid files by the fuzzed name."""
    files = valid_clouds | valid_las

    def ending(*endings: str) -> list[bytes]:
        return [data for name, data in files.items() if name.endswith(endings)]

    calibrations = [
        "P2: 700 0 600 0 0 700 200 0 0 0 1 0\nTr: 0 -1 0 0 0 0 -1 0 1 0 0 0\n",
        "camera_matrix: {rows: 3, cols: 3, data: [700, 0, 600, 0, 700, 200, 0, 0, 1]}\ndistortion_model: plumb_bob\n",
        "%YAML:1.0\nT_cam_lidar: !!opencv-matrix\n   rows: 4\n   data: [1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1]\n",
        "lidar:\n  camera: {x: 0, y: 0, z: 0, roll: 0, pitch: 0, yaw: 0}\n",
        json.dumps(
            {"camera": {"K": [[7, 0, 1], [0, 7, 1], [0, 0, 1]]}, "initial": {"T_cam_lidar": [[1, 0, 0, 0]] * 4}}
        ),
        json.dumps([{"token": "a", "translation": [0, 0, 0], "rotation": [1, 0, 0, 0], "camera_intrinsic": []}]),
    ]
    return {
        "cloud.bin": [valid_clouds["cloud.bin"]],
        "cloud.pcd.bin": [valid_clouds["sweep.pcd.bin"]],
        "cloud.pcd": ending(".pcd"),
        "cloud.ply": ending(".ply"),
        "cloud.las": ending(".las"),
        "cloud.laz": ending(".laz"),
        "cloud.npy": ending(".npy"),
        "cloud.csv": ending(".csv"),
        "labels.npy": ending(".npy"),
        "image.png": [valid_images["image.png"]],
        "image.jpg": [valid_images["image.jpeg"]],
        "calibration": [text.encode() for text in calibrations],
    }


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", NAMES)
def test_reader_survives(seeds, tmp_path, name):
    """The fuzzer ends by its own limit; what it found otherwise is named in its report."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for index, data in enumerate(seeds[name]):
        (corpus / str(index)).write_bytes(data)
    limit = f"-max_total_time={SECONDS}" if SECONDS else f"-runs={RUNS_OF_TEXT if name == 'calibration' else RUNS}"
    arguments = [limit, "-seed=1", f"-timeout={LONGEST_INPUT_S}", f"-rss_limit_mb={MOST_MEMORY_MB}"]
    fuzzer = subprocess.run(
        [*FORKING, sys.executable, str(HARNESS), name, str(corpus), *arguments, f"-artifact_prefix={tmp_path}/"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert fuzzer.returncode == 0, fuzzer.stderr[-4000:]
    assert "Done" in fuzzer.stderr
