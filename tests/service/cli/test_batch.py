"""Batches: each job of a manifest is done once, whatever interrupts the command that does them."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from service.batch import BatchDefaults, Journal, read_manifest
from service.batch.manifest import PartReader
from service.cli.main import app
from worker.inputs import InputError

FRAMES = 20


@pytest.fixture
def camera_and_initial(files: Any) -> list[str]:
    return ["--camera", str(files.arguments["camera"]), "--initial", str(files.arguments["initial"])]


@pytest.fixture
def manifest(files: Any) -> Path:
    """Return a manifest of 20 jobs in the folder of the frame, each of a fifth of a second."""
    lines = [
        {
            "name": f"frame-{number:02d}",
            "image": "image.png",
            "point_cloud": "cloud.bin",
            "image_model": "any",
            "cloud_model": "any",
            "options": {"num_iterations": 20 + number},
        }
        for number in range(FRAMES)
    ]
    path: Path = files.folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def arguments(manifest: Path, out: Path, more: list[str]) -> list[str]:
    return ["batch", str(manifest), "--out", str(out), "--jobs-at-once", "4", *more]


def jobs_on_the_server(stack: Any) -> set[str]:
    """Return all jobs that the server has."""
    ids, address = set(), "/jobs?limit=100"
    while address:
        page = stack.http.get(address).json()
        ids |= {job["id"] for job in page["jobs"]}
        address = page["next"]
    return ids


@pytest.mark.slow
@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_batch_does_each_job_once(
    stack: Any, manifest: Path, camera_and_initial: list[str], tmp_path: Path, interruption: signal.Signals
) -> None:
    """Ctrl-C or a crash half-way: the next run does the rest, and the server has had 20 jobs in all."""
    before, out = jobs_on_the_server(stack), tmp_path / "out"
    environment = {**os.environ, "SEMALIGN_SERVER": f"http://127.0.0.1:{stack.port}"}
    words = arguments(manifest, out, camera_and_initial)
    command = [sys.executable, "-c", "from service.cli.main import main; main()", *words]
    with (tmp_path / "log").open("w") as log:
        first = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        results = out / "results"
        stack.wait_for(lambda: first.poll() is not None or len(list(results.glob("*.json"))) >= FRAMES // 2)
        first.send_signal(interruption)
        status = first.wait(60)
    assert status == (130 if interruption == signal.SIGINT else -signal.SIGKILL), (tmp_path / "log").read_text()
    done = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert len(done) < FRAMES
    if interruption == signal.SIGINT:
        counts = json.loads((out / "summary.json").read_text())["counts"]
        assert counts["waiting"] == FRAMES - counts["high"] > 0

    second = CliRunner().invoke(app, [*words, "--json"], env=environment)
    assert second.exit_code == 0, second.output
    summary = json.loads(second.stdout)
    assert summary["counts"] == {"high": FRAMES}
    assert len({row["job_id"] for row in summary["jobs"]}) == FRAMES
    assert jobs_on_the_server(stack) - before == {row["job_id"] for row in summary["jobs"]}
    # What was there is not fetched again, unless the end had not been noted.
    kept = [name for name, moment in done.items() if (results / name).stat().st_mtime_ns == moment]
    assert len(kept) >= len(done) - 4


def test_summary_and_failures(stack: Any, files: Any, camera_and_initial: list[str], tmp_path: Path) -> None:
    """What fails or is refused is told and does not stop the others; it is done again when that is asked for."""
    (files.folder / "broken.bin").write_bytes(b"123")
    (files.folder / "manifest.csv").write_text(
        "name,image,point_cloud,image_model,cloud_model,seed\n"
        "good,image.png,cloud.bin,any,any,0\n"
        "hopeless,image.png,cloud.bin,any,any,2\n"
        "failing,image.png,cloud.bin,any,any,1\n"
        "broken,image.png,broken.bin,any,any,0\n"
        "two-frames,image.png,cloud.bin,any,any,0\n"
        "two-frames,image.png,cloud.bin,any,any,0\n"
    )
    quick = files.write_json("quick", {"num_iterations": 5})
    text = (files.folder / "manifest.csv").read_text().splitlines()
    lines = [f"{line},{'options' if index == 0 else quick.name}" for index, line in enumerate(text)]
    (files.folder / "manifest.csv").write_text("\n".join(lines))
    words, out = arguments(files.folder / "manifest.csv", tmp_path / "out", camera_and_initial), tmp_path / "out"
    environment = {"SEMALIGN_SERVER": f"http://127.0.0.1:{stack.port}"}
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 1, result.output
    rows = {row["name"]: row for row in csv.DictReader((out / "summary.csv").open())}
    assert {name: row["state"] for name, row in rows.items()} == {
        "good": "succeeded",
        "hopeless": "failed",
        "failing": "failed",
        "broken": "refused",
        "two-frames": "succeeded",
    }
    assert "truncated" in rows["broken"]["detail"]
    assert "on our side" in rows["failing"]["detail"]
    assert len(json.loads((out / "results" / "two-frames.json").read_text())["frames"]) == 2
    assert "2 high" in result.output

    again = CliRunner().invoke(app, [*words, "--retry-failed", "--json"], env=environment)
    assert again.exit_code == 1
    after = {row["name"]: row["job_id"] for row in json.loads(again.stdout)["jobs"]}
    assert after["good"] == rows["good"]["job_id"]
    assert after["hopeless"] != rows["hopeless"]["job_id"]


PARTS = PartReader(
    camera=lambda path, _image: json.loads(path.read_text()),
    initial=lambda path: json.loads(path.read_text()),
    other=lambda path: json.loads(path.read_text()),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no job"),
        ('{"name": "a"\n', "line 1 is not JSON"),
        ('{"name": "../a", "image": "image.png", "point_cloud": "cloud.bin"}', "files have it"),
        ('{"image": "image.png"}', "each frame has image and point_cloud"),
        ('{"image": "none.png", "point_cloud": "cloud.bin"}', "there is no file"),
        ('{"image": "image.png", "point_cloud": "cloud.bin", "sed": 1}', "sed"),
        ("name,image,point_cloud\na,image.png", "columns"),
        ("name,image,point_cloud,seed\na,image.png,cloud.bin,x", "numbers"),
        ("name,image,point_cloud,seed\na,image.png,cloud.bin,1\na,image.png,cloud.bin,2", "differ in seed"),
    ],
)
def test_a_bad_manifest_is_said_before_anything_is_sent(files: Any, text: str, said: str) -> None:
    """The sentence names the line."""
    path = files.folder / "manifest"
    path.write_text(text)
    fields = {name: json.loads(files.arguments[name].read_text()) for name in ("camera", "initial")}
    with pytest.raises(InputError, match=said):
        read_manifest(path, BatchDefaults(fields), PARTS)


@pytest.mark.parametrize("in_manifest", [True, False])
def test_intrinsics_of_another_image_size_are_refused(files: Any, tmp_path: Path, in_manifest: bool) -> None:
    """Each job's image is compared with the size that its camera's file states; the line is told, nothing is sent."""
    info, manifest = files.folder / "camera_info.yaml", files.folder / "manifest.csv"
    values = ", ".join(str(value) for row in json.loads(files.arguments["camera"].read_text())["K"] for value in row)
    image = Image.open(files.arguments["image"])
    info.write_text(f"image_width: {image.width}\nimage_height: {image.height}\nK: [{values}]\n")
    image.resize((image.width // 2, image.height // 2)).save(files.folder / "half.png")
    rows = [
        "name,image,point_cloud,initial",
        *(f"{name},{name}.png,cloud.bin,initial.json" for name in ("image", "half")),
    ]
    words = ["batch", str(manifest), "--out", str(tmp_path / "out"), "--server", "http://127.0.0.1:9"]
    if in_manifest:
        rows = [f"{row},{'camera' if index == 0 else info.name}" for index, row in enumerate(rows)]
    else:
        words += ["--camera", str(info)]
    manifest.write_text("\n".join(rows))
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2, result.output
    said = " ".join(result.output.split())
    assert "line 3: " in said
    assert f"images of {image.width}x{image.height} pixels, but" in said
    assert f"half.png has {image.width // 2}x{image.height // 2}" in said


def test_a_torn_journal_is_read_up_to_there(files: Any, manifest: Path, tmp_path: Path) -> None:
    """A line that was cut off by a crash says nothing; keys stay the same, and change once a job has ended."""
    fields = {name: json.loads(files.arguments[name].read_text()) for name in ("camera", "initial")}
    job, other = read_manifest(manifest, BatchDefaults(fields), PARTS)[:2]
    with Journal(tmp_path) as journal:
        journal.note_posted(job, "1" * 32)
        key = journal.key_of(job)
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"name": "frame-01", "dig')
    with Journal(tmp_path) as journal:
        assert (journal.posted(job), journal.posted(other)) == ("1" * 32, None)
        assert journal.key_of(job) == key != journal.key_of(other)
        journal.note_refused(job, "No.")
        assert journal.key_of(job) != key
    with Journal(tmp_path) as journal:
        assert journal.posted(job) is None
        assert journal.ended(job).detail == "No."


def test_two_runs_do_not_share_a_folder(
    manifest: Path, camera_and_initial: list[str], stack: Any, tmp_path: Path
) -> None:
    """The second one says so."""
    with Journal(tmp_path):
        environment = {"SEMALIGN_SERVER": f"http://127.0.0.1:{stack.port}"}
        result = CliRunner().invoke(app, arguments(manifest, tmp_path, camera_and_initial), env=environment)
    assert result.exit_code == 1
    assert "Another process works on" in result.stderr
