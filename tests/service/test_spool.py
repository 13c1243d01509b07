"""Where uploads are received: what a killed process leaves goes, what a live one has stays."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.spool import Spool

RECEIVE_AND_DIE = """
import os
from service.spool import Spool
(Spool().path / "half an upload").write_bytes(bytes(1000))
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the temporary folder of the machine."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path


def test_what_a_killed_process_was_receiving_is_deleted_by_the_next(place: Path) -> None:
    """Else it would fill the disk, for no upload is as large as what many of them leave."""
    subprocess.run([sys.executable, "-c", RECEIVE_AND_DIE], check=False)
    assert list(place.rglob("half an upload"))
    spool = Spool()
    assert list(place.iterdir()) == [spool.path]
    spool.close()


def test_what_a_live_process_has_stays(place: Path) -> None:
    """Several API processes of a machine share the temporary folder; each deletes its own at its end."""
    first, second = Spool(), Spool()
    assert first.path.is_dir()
    first.close()
    assert list(place.iterdir()) == [second.path]
    second.close()
    assert list(place.iterdir()) == []


def test_only_folders_are_deleted(place: Path) -> None:
    """Nobody leads the process to another place by a link of that name."""
    (place / "precious").mkdir()
    (place / "semalign-uploads-link").symlink_to(place / "precious")
    Spool().close()
    assert (place / "precious").is_dir()


def test_a_spool_that_is_full_is_an_outage(make_api: Any, make_job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, for callers may come again; nothing was accepted."""
    api = make_api()
    opened = Path.open

    def full(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        return opened(Path("/dev/full") if mode == "ab" else path, mode, *arguments, **named)

    monkeypatch.setattr(Path, "open", full)
    for refused in (api.post(make_job()), api.http.post("/convert", files={"file": ("calib.txt", b"P2: 1")})):
        assert (refused.status_code, refused.json()["type"]) == (503, "storage-unavailable")
        assert int(refused.headers["Retry-After"]) > 0
    assert api.stored() == []


def test_a_full_disk_under_a_download_is_an_outage(
    make_api: Any, make_job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file is so small that it waits in a buffer."""
    api = make_api()
    job_id = api.accepted(make_job())
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Path("/dev/full").open("w+b"))  # noqa: SIM115
    refused = api.http.get(f"/jobs/{job_id}/inputs/request.json")
    assert (refused.status_code, refused.json()["type"]) == (503, "storage-unavailable")
