"""`semalign demo`: a known extrinsic made wrong, found again, and compared in plain words."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from service.cli.main import app
from worker.inputs.request import parse_request


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["demo", *map(str, arguments)])


def errors_deg(result: Result) -> tuple[float, float]:
    """Return the rotation errors that were printed, before and after."""
    found = re.search(r"rotation error ([\d.]+)° before, ([\d.]+)° after", result.stdout)
    assert found, result.output
    return float(found[1]), float(found[2])


@contextmanager
def without_networks(models_folder: Path) -> Iterator[None]:
    """Make this machine one without weights and without a way out."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SEMALIGN_MODELS_DIR", str(models_folder))
        environment.delenv("SEMALIGN_MODELS_MIRROR", raising=False)
        environment.setenv("ALL_PROXY", "http://127.0.0.1:9")
        yield


@pytest.fixture
def no_networks(tmp_path: Path) -> Iterator[None]:
    """Have no network for the length of a test."""
    with without_networks(tmp_path / "models"):
        yield


@dataclass(frozen=True)
class Shown:
    """A demonstration on a frame with labels: where its files are, and what it said."""

    folder: Path
    result: Result

    def line(self, command: str) -> list[str]:
        """Return the words of the printed line that holds this command."""
        (line,) = (line for line in self.result.stdout.splitlines() if command in line)
        return shlex.split(line)


@pytest.fixture(scope="module")
def shown(frame_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Run the demonstration once."""
    folder = tmp_path_factory.mktemp("out")
    with without_networks(folder / "models"):
        return Shown(folder, run("--frame", frame_folder, "--output", folder))


@pytest.mark.slow
@pytest.mark.usefixtures("no_networks")
def test_it_runs_on_a_machine_with_nothing_else(tmp_path: Path) -> None:
    """The rendered sample is segmented by what comes along, calibrated to a fraction of a degree, and judged so."""
    result = run("--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    before, after = errors_deg(result)
    assert before > 5
    assert after < 0.5
    assert "Classes of the image: street_unet_rendered" in result.stdout
    assert "Classes of the cloud: geometric" in result.stdout
    assert json.loads((tmp_path / "out" / "result.json").read_text())["verdict"] == "high"
    assert "semalign models pull espnetv2_s2_cityscapes" in result.stdout
    assert "non-commercial" in result.stdout
    picture = Image.open(tmp_path / "out" / "before-after.jpg")
    assert picture.size == (1241, 2 * (376 + 34))


def test_a_frame_with_labels_needs_no_network(shown: Shown, frame_folder: Path) -> None:
    """Labels beside the frame take the networks' place, and are named; the error falls."""
    assert shown.result.exit_code == 0, shown.result.output
    before, after = errors_deg(shown.result)
    assert after < before
    assert str(frame_folder / "image_labels.png") in shown.result.stdout


@pytest.mark.usefixtures("no_networks")
def test_the_seed_chooses_the_wrong_start(shown: Shown, frame_folder: Path, tmp_path: Path) -> None:
    """Another seed is another start."""
    other = run("--frame", frame_folder, "--output", tmp_path, "--seed", "1")
    assert errors_deg(other)[0] != errors_deg(shown.result)[0]


def test_the_command_it_prints_finds_the_same(shown: Shown, tmp_path: Path) -> None:
    """`semalign calibrate` as printed runs and gives the extrinsic of the demonstration."""
    command = [*shown.line("semalign calibrate")[1:], "--output", str(tmp_path / "again.json")]
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 0, again.output
    first, second = (json.loads(path.read_text()) for path in (shown.folder / "result.json", tmp_path / "again.json"))
    assert np.allclose(first["T_cam_lidar"], second["T_cam_lidar"], atol=1e-6)


def test_the_request_it_writes_is_one(shown: Shown) -> None:
    """`request.json` holds what the server takes, and every file that the printed curl names exists."""
    request = parse_request((shown.folder / "request.json").read_bytes())
    assert request.prior.rotation_deg == 10
    parts = dict(word.split("=@") for word in shown.line("curl -F") if "=@" in word)
    assert set(parts) == {"image", "point_cloud", "image_labels", "point_labels", "request"}
    assert all(Path(path).is_file() for path in parts.values())


@pytest.mark.usefixtures("no_networks")
def test_without_network_and_labels_it_takes_what_comes_along(frame_folder: Path, tmp_path: Path) -> None:
    """Nothing is downloaded unasked: what needs no download segments, and the command that fetches more is named."""
    shutil.copytree(frame_folder, tmp_path / "frame")
    for name in ("image_labels.png", "image_classes.json", "labels.label", "point_classes.json"):
        (tmp_path / "frame" / name).unlink()
    result = run("--frame", tmp_path / "frame", "--output", tmp_path / "out")
    assert result.exit_code in (0, 1), result.output
    assert "Classes of the image: street_unet_rendered" in result.stdout
    assert "Classes of the cloud: geometric" in result.stdout
    assert "semalign models pull espnetv2" in result.stdout


@pytest.mark.usefixtures("no_networks")
def test_a_folder_that_is_no_frame_is_said(tmp_path: Path) -> None:
    """What is missing is named."""
    (tmp_path / "empty").mkdir()
    result = run("--frame", tmp_path / "empty", "--output", tmp_path / "out")
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("Error: ")


@pytest.mark.slow
def test_a_real_frame_is_segmented_by_the_networks_at_hand(
    test_data: Path, models_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On KITTI both networks run, and the printed error against the known extrinsic falls."""
    monkeypatch.setenv("SEMALIGN_MODELS_MIRROR", str(models_mirror))
    result = run("--frame", test_data / "kitti00_000000", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    before, after = errors_deg(result)
    assert after < before
    assert "espnetv2_s2_cityscapes" in result.stdout
    assert "mininet3d_tiny_semantickitti" in result.stdout
