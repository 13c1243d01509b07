"""One real frame, calibrated as a newcomer may: with curl, on the command line, from Python and on the page."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from service.cli.main import app
from service.client import Client, Frame

FRAME = "kitti00_001019"
ERROR_DEG = (2.0, -4.0, 3.0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_four_agree(test_data: Path, server: str, open_page: Callable[..., Page], tmp_path: Path) -> None:
    """The same files and the same wrong start lead to the same extrinsic, whichever way they take."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    folder = test_data / FRAME
    truth = json.loads((folder / "gt.json").read_text())
    error = np.eye(4)
    error[:3, :3] = Rotation.from_euler("xyz", ERROR_DEG, degrees=True).as_matrix()
    initial = (error @ np.array(truth["T_cam_lidar"])).round(6).tolist()
    request = {"camera": {"K": truth["K"]}, "initial": {"T_cam_lidar": initial}}
    for name, value in (("request", request), *request.items()):
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    found = {
        "curl": by_curl(server, folder, tmp_path),
        "command line": by_command_line(server, folder, tmp_path),
        "client": by_client(server, folder, request),
        "page": by_page(open_page(), server, folder, request),
    }
    reference = found.pop("curl")
    for way, T_cam_lidar in found.items():
        np.testing.assert_allclose(T_cam_lidar, reference, atol=1e-6, err_msg=way)


def by_curl(server: str, folder: Path, here: Path) -> list[list[float]]:
    """Post the files, and ask until the job has ended."""
    curl = ["curl", "--fail-with-body", "-sS", "-H", "Prefer: wait=60"]
    parts = [f"image=@{folder}/image.png", f"point_cloud=@{folder}/cloud.bin", f"request=<{here}/request.json"]
    command = [*curl, f"{server}/calibrate", *(word for part in parts for word in ("-F", part))]
    job = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    while job.get("result") is None:
        answer = subprocess.run([*curl, f"{server}/jobs/{job['id']}"], capture_output=True, check=True)
        job = json.loads(answer.stdout)
        assert job["state"] in {"queued", "running", "succeeded"}, job
    T_cam_lidar: list[list[float]] = job["result"]["T_cam_lidar"]
    return T_cam_lidar


def by_command_line(server: str, folder: Path, here: Path) -> list[list[float]]:
    """Run `semalign calibrate --server`."""
    files = {"image": folder / "image.png", "point-cloud": folder / "cloud.bin", "camera": here / "camera.json"}
    files |= {"initial": here / "initial.json", "output": here / "result.json"}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    result = CliRunner().invoke(app, ["calibrate", "--server", server, *words])
    assert result.exit_code in {0, 3}, result.output
    T_cam_lidar: list[list[float]] = json.loads((here / "result.json").read_text())["T_cam_lidar"]
    return T_cam_lidar


def by_client(server: str, folder: Path, request: dict[str, Any]) -> list[list[float]]:
    """Call the Python client."""
    with Client(server) as client:
        return client.calibrate(Frame(folder / "image.png", folder / "cloud.bin"), request).result.T_cam_lidar


def by_page(
    page: Page, server: str, folder: Path, request: dict[str, dict[str, list[list[float]]]]
) -> list[list[float]]:
    """Fill in the form and press the button."""
    page.locator("#image").set_input_files(folder / "image.png")
    page.locator("#point_cloud").set_input_files(folder / "cloud.bin")
    K = request["camera"]["K"]
    for name, value in (("fx", K[0][0]), ("fy", K[1][1]), ("cx", K[0][2]), ("cy", K[1][2])):
        page.locator(f"#{name}").fill(str(value))
    rows = request["initial"]["T_cam_lidar"]
    page.locator("#matrix").fill("\n".join(" ".join(map(str, row)) for row in rows))
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#verdict h2")).not_to_be_empty()
    with Client(server) as client:
        newest = next(iter(client.jobs()))
        assert newest.id in page.url
        status = client.wait(newest.id)
    assert status.result is not None
    return status.result.T_cam_lidar
