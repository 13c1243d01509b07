"""`semalign calibrate` in this process: real files in, real files out, and a sentence for each bad one."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from service.cli.conclusion import exit_status
from service.cli.job import FinishedJob
from service.cli.main import app

ROWS_OF_TABLE = ("car", "road", "sidewalk", "all", "mean distance")


def run(command_line: list[str]) -> Result:
    return CliRunner().invoke(app, command_line)


def sentence(result: Result) -> str:
    """Return what was said on stderr, on one line."""
    return " ".join(result.stderr.split())


def test_a_wrong_extrinsic_is_put_right(files: Any, tmp_path: Path) -> None:
    """The result is written as the HTTP contract has it, with a lower loss and pictures before and after."""
    output, pictures = tmp_path / "result.json", tmp_path / "pictures"
    result = run(files.command_line(output=output, overlay_dir=pictures))
    assert result.exit_code == 0, result.output
    written = json.loads(output.read_text())
    assert written["outcome"] == "converged"
    assert written["alignment_loss"]["ratio"] < 0.5
    assert written["models"]["image"] == {"source": "uploaded labels"}
    for stage in ("initial", "final"):
        assert Image.open(io.BytesIO((pictures / f"{stage}.png").read_bytes())).size == (320, 120)


def test_a_calibration_is_not_tracked(files: Any) -> None:
    """It searches; the sentence says where tracking is done."""
    result = run(files.command_line(options=files.write_json("tracked", {"tracking": True})))
    assert result.exit_code == 2
    assert "POST /evaluate" in sentence(result)


def test_the_table_says_what_changed(files: Any) -> None:
    """Losses per class before and after, the turn, and the outcome in a sentence are printed."""
    result = run(files.command_line())
    for words in (*ROWS_OF_TABLE, "Turned by", "The extrinsic was found and refined."):
        assert words in result.stdout


def test_the_verdict_is_printed_with_its_reasons(files: Any, tmp_path: Path) -> None:
    """What the result says about trust is what a person reads."""
    output = tmp_path / "result.json"
    result = run(files.command_line(output=output))
    written = json.loads(output.read_text())
    lines = result.stdout.splitlines()
    at = lines.index(f"Verdict: {written['verdict']}")
    assert written["reasons"]
    assert lines[at + 1 :] == [f"- {reason}" for reason in written["reasons"]]


def test_the_paper_says_nothing_about_trust(files: Any) -> None:
    """A profile without a verdict is said to have none, lest its silence pass for trust."""
    result = run(files.command_line(profile="paper"))
    assert result.exit_code == 0, result.output
    assert "Verdict: none" in result.stdout


def test_seed_decides(files: Any, tmp_path: Path) -> None:
    """The same seed gives the same extrinsic, another one another."""
    found = []
    for number, seed in enumerate((1, 1, 2)):
        output = tmp_path / f"{number}.json"
        run(files.command_line(seed=seed, output=output))
        found.append(json.loads(output.read_text())["T_cam_lidar"])
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_several_frames_share_one_extrinsic(files: Any, tmp_path: Path) -> None:
    """Repeated options are frames; the loss counts the points of all of them."""
    counts = []
    for repeats in (1, 2):
        output = tmp_path / f"{repeats}.json"
        names = ("image", "point_cloud", "image_labels", "point_labels")
        result = run(files.command_line(output=output, **{name: [files.arguments[name]] * repeats for name in names}))
        assert result.exit_code == 0, result.output
        per_class = json.loads(output.read_text())["alignment_loss"]["before"]["per_class"]
        counts.append(sum(part["points"] for part in per_class.values()))
    assert counts[1] == 2 * counts[0]


def test_no_point_in_view_fails_with_its_outcome(files: Any, tmp_path: Path) -> None:
    """A camera that looks backwards ends with status 1, the outcome's sentence, and a result that says so."""
    behind = np.diag([-1.0, 1, -1, 1]) @ np.array(json.loads(files.arguments["initial"].read_text())["T_cam_lidar"])
    output = tmp_path / "result.json"
    result = run(
        files.command_line(initial=files.write_json("behind", {"T_cam_lidar": behind.tolist()}), output=output)
    )
    assert result.exit_code == 1
    assert " ".join(result.stdout.split()).count("no LiDAR point into the image") == 1
    assert "Verdict: rejected" in result.stdout
    assert json.loads(output.read_text())["outcome"] == "no_point_in_view"


def test_frames_must_pair_up(files: Any) -> None:
    """Two images and one cloud are refused."""
    result = run(files.command_line(image=[files.arguments["image"]] * 2))
    assert result.exit_code == 2
    assert "2 --image and 1 --point-cloud" in sentence(result)


def test_images_of_different_size_are_refused(files: Any) -> None:
    """One camera takes images of one size."""
    other = files.folder / "other.png"
    Image.new("RGB", (100, 50)).save(other)
    labels = files.folder / "other_labels.png"
    Image.new("L", (100, 50)).save(labels)
    names = ("point_cloud", "point_labels")
    result = run(
        files.command_line(
            image=[files.arguments["image"], other],
            image_labels=[files.arguments["image_labels"], labels],
            **{name: [files.arguments[name]] * 2 for name in names},
        )
    )
    assert result.exit_code == 2
    assert "images of one size" in sentence(result)


@pytest.mark.parametrize(
    ("option", "content", "expected"),
    [
        ("image", b"no picture", "image"),
        ("point_cloud", b"123", "16"),
        ("point_cloud", np.full((4, 4), np.nan, "<f4").tobytes(), "finite"),
        ("point_labels", b"1234", "1 point labels"),
        ("camera", b'{"K": [[0, 0, 1], [0, 5, 1], [0, 0, 1]]}', "focal lengths"),
        ("camera", b'{"K": [[5, 0, 1], [0, 5, 1], [0, 0, 1]], "fov": 90}', "fov: this field is unknown"),
        ("camera", b"{", "JSON"),
        ("initial", b'{"T_cam_lidar": [[2,0,0,0],[0,2,0,0],[0,0,2,0],[0,0,0,1]]}', "not a rigid transform"),
        ("initial", b'{"translation_m": [0, 0, 0], "rpy_deg": [0, 0, 0]}', "which way the transform goes"),
        ("options", b'{"num_samples": 0}', "options.num_samples"),
        ("options", b"[1]", "must hold a JSON object"),
        ("image_label_map", b'{"x": "car"}', "image_label_map"),
        ("image_label_map", b"car", "is not JSON"),
    ],
)
def test_a_bad_file_is_named_in_a_sentence(files: Any, option: str, content: bytes, expected: str) -> None:
    """What cannot be used ends with status 2 and what to change, never with a traceback."""
    files.arguments[option].write_bytes(content)
    result = run(files.command_line())
    assert result.exit_code == 2, result.output
    assert expected in sentence(result)
    if option in {"image", "point_cloud", "point_labels"}:
        assert files.arguments[option].name in sentence(result)
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "option", ["image", "point_cloud", "image_labels", "point_labels", "image_label_map", "options"]
)
def test_a_folder_in_place_of_a_file_is_refused(files: Any, option: str) -> None:
    """Before anything is read or sent."""
    result = run(files.command_line(**{option: files.folder}))
    assert result.exit_code == 2, result.output
    assert "is a directory" in " ".join(sentence(result).replace("│", " ").split())


def test_intrinsics_of_another_image_size_are_refused(files: Any) -> None:
    """A shrunk image with the full-size calibration looks like a bad extrinsic, not like what it is."""
    info = files.folder / "camera_info.yaml"
    values = ", ".join(str(value) for row in json.loads(files.arguments["camera"].read_text())["K"] for value in row)
    width, height = Image.open(files.arguments["image"]).size
    for scale, status in ((1, 0), (2, 2)):
        info.write_text(f"image_width: {scale * width}\nimage_height: {scale * height}\nK: [{values}]\n")
        result = run(files.command_line(camera=info, profile="paper"))
        assert result.exit_code == status, result.output
    assert f"images of {2 * width}x{2 * height} pixels, but" in sentence(result)
    assert f"has {width}x{height}" in sentence(result)


def test_a_file_of_no_known_format_is_told_what_to_do(files: Any) -> None:
    """`calibrate` has no `--from`; `convert` has."""
    files.arguments["camera"].write_text("fx: 3")
    result = run(files.command_line())
    assert result.exit_code == 2
    assert "give --from of `semalign convert`" in sentence(result)


def test_a_label_image_of_the_wrong_size_is_refused(files: Any) -> None:
    """Both sizes are told."""
    Image.new("L", (10, 10)).save(files.arguments["image_labels"])
    result = run(files.command_line())
    assert result.exit_code == 2
    assert "10x10" in sentence(result)
    assert "320x120" in sentence(result)


def test_classes_come_from_somewhere(files: Any, tmp_path: Path) -> None:
    """Without a network and without labels semalign chooses, and says what and why."""
    output = tmp_path / "result.json"
    run(files.command_line(image_labels=None, image_label_map=None, output=output))
    source = json.loads(output.read_text())["models"]["image"]
    assert source["name"]
    assert source["reason"]


@pytest.mark.parametrize(
    ("verdict", "succeeded", "status"),
    [("high", True, 0), (None, True, 0), ("low", True, 3), ("rejected", True, 4), ("rejected", False, 1)],
)
def test_the_exit_status_follows_the_verdict(verdict: str | None, succeeded: bool, status: int) -> None:
    """A script can stop at a doubtful extrinsic without reading the result."""
    assert exit_status(FinishedJob({"verdict": verdict}, {}, succeeded)) == status


def test_an_unknown_network_is_said(files: Any) -> None:
    """The sentence lists the networks there are."""
    result = run(files.command_line(image_labels=None, image_label_map=None, image_model="segnet"))
    assert result.exit_code == 2
    assert "espnetv2_s2_cityscapes" in sentence(result)


def test_a_network_that_cannot_be_had_is_said(files: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming a network asks for it; where no source has it, the sentence tells how to fetch it."""
    monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("SEMALIGN_MODELS_MIRROR", str(tmp_path / "nowhere"))
    # A proxy that nobody listens on: the public source cannot be reached.
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    result = run(files.command_line(image_labels=None, image_label_map=None, image_model="espnetv2_s2_cityscapes"))
    assert result.exit_code == 1
    assert "semalign models pull espnetv2_s2_cityscapes" in sentence(result)


def test_a_place_that_cannot_be_written_is_said(files: Any, tmp_path: Path) -> None:
    """What was computed is printed even so."""
    result = run(files.command_line(output=files.arguments["image"] / "no" / "folder.json"))
    assert result.exit_code == 1
    assert "cannot be written" in sentence(result)
    assert "Turned by" in result.stdout


def test_a_server_is_not_told_where_to_compute(files: Any) -> None:
    """--device together with --server is refused rather than ignored."""
    result = run(files.command_line(server="http://127.0.0.1:1", device="cpu"))
    assert result.exit_code == 2
    assert "--device" in sentence(result)


def test_cuda_that_is_not_there_is_said(files: Any) -> None:
    """No traceback of torch where there is no CUDA device."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    result = run(files.command_line(device="cuda"))
    assert result.exit_code == 2
    assert "no CUDA device" in sentence(result)


def test_an_installation_without_torch_says_what_is_missing(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's installation has the command but not what computes."""
    monkeypatch.setitem(sys.modules, "torch", None)
    result = run(files.command_line())
    assert result.exit_code == 1
    assert "pip install 'semalign[worker]'" in sentence(result)
