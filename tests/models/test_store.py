"""Finding, fetching and checking the files of a model, with real directories and a real HTTP server."""

import dataclasses
import hashlib
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models import ModelIntegrityError, ModelNotAvailableError, store
from models.catalogue import CatalogueEntry, ModelFile, get_entry
from models.errors import TermsNotAcceptedError
from models.settings import StoreSettings

CONTENTS = {"weights": bytes(range(256)) * 1000, "head": b"a small head"}
NOWHERE = "http://127.0.0.1:9"


class QuietFiles(SimpleHTTPRequestHandler):
    """Serves a directory without a log line for each request."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class StopsHalfWay(BaseHTTPRequestHandler):
    """Promises a whole file and sends half of it."""

    def do_GET(self) -> None:
        """Answer any path."""
        content = CONTENTS["weights"]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class NeverEnds(StopsHalfWay):
    """Sends far more than any model holds, without saying how much."""

    sent = 0

    def do_GET(self) -> None:
        """Answer any path until the client hangs up."""
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(2000):
                self.wfile.write(bytes(1 << 16))
                type(self).sent += 1 << 16
        except ConnectionError:
            pass


@pytest.fixture
def serve():
    """Return a function that serves requests with a handler on a free local port and gives its address."""
    servers = []

    def start(handler: object) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _entry(source: str = NOWHERE) -> CatalogueEntry:
    files = tuple(
        ModelFile(name, f"{source}/deep/folder/{name}", hashlib.sha256(content).hexdigest(), len(content))
        for name, content in CONTENTS.items()
    )
    return dataclasses.replace(get_entry("espnetv2_s2_cityscapes"), name="tiny", files=files)


def _lay_out(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


def _settings(tmp_path: Path, mirror: object = None) -> StoreSettings:
    return StoreSettings(
        models_mirror=mirror and str(mirror),
        models_dir=tmp_path / "store",
        models_timeout_s=5,
        models_accept_non_commercial=True,
    )


def _left_behind(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_directory_mirror_is_read_in_place(tmp_path, scheme):
    """Nothing is copied out of it, whether it is given as a path or as a file URL."""
    _lay_out(tmp_path / "mirror" / "tiny")
    settings = _settings(tmp_path, f"{scheme}{tmp_path / 'mirror'}")
    assert store.pull(_entry(), settings) == CONTENTS
    assert store.locate(_entry(), settings) == {name: tmp_path / "mirror" / "tiny" / name for name in CONTENTS}
    assert _left_behind(tmp_path) == []


def test_an_http_mirror_is_laid_out_name_and_file(tmp_path, serve):
    """What it serves is kept in the local store, and found there without the mirror."""
    _lay_out(tmp_path / "mirror" / "tiny")
    address = serve(partial(QuietFiles, directory=str(tmp_path / "mirror")))
    assert store.pull(_entry(), _settings(tmp_path, f"{address}/")) == CONTENTS
    assert sorted(path.name for path in _left_behind(tmp_path)) == sorted(CONTENTS)
    assert store.read(_entry(), _settings(tmp_path)) == CONTENTS


def test_the_public_source_follows_a_mirror_that_lacks_the_file(tmp_path, serve):
    """A 404 of the mirror is no reason to give up."""
    (tmp_path / "mirror").mkdir()
    _lay_out(tmp_path / "public" / "deep" / "folder")
    mirror = serve(partial(QuietFiles, directory=str(tmp_path / "mirror")))
    public = serve(partial(QuietFiles, directory=str(tmp_path / "public")))
    assert store.pull(_entry(public), _settings(tmp_path, mirror)) == CONTENTS


def test_only_what_is_missing_is_fetched(tmp_path, serve):
    """Files already in the store stay as they are; progress counts the bytes of the others."""
    _lay_out(tmp_path / "public" / "deep" / "folder")
    public = serve(partial(QuietFiles, directory=str(tmp_path / "public")))
    (tmp_path / "store" / "tiny").mkdir(parents=True)
    (tmp_path / "store" / "tiny" / "head").write_bytes(CONTENTS["head"])
    progress: list[tuple[str, int]] = []
    store.pull(_entry(public), _settings(tmp_path), lambda file, received: progress.append((file.name, received)))
    assert {name for name, _ in progress} == {"weights"}
    assert progress[-1] == ("weights", len(CONTENTS["weights"]))
    assert [received for _, received in progress] == sorted(received for _, received in progress)


def test_a_corrupted_file_on_this_machine_is_refused(tmp_path):
    """One flipped bit is enough; the sentence names the file and what to do."""
    folder = _lay_out(tmp_path / "mirror" / "tiny")
    damaged = bytearray(CONTENTS["weights"])
    damaged[1234] ^= 1
    (folder / "weights").write_bytes(damaged)
    with pytest.raises(ModelIntegrityError, match=r"mirror/tiny/weights is not the published file.*delete it"):
        store.read(_entry(), _settings(tmp_path, tmp_path / "mirror"))


def test_a_corrupted_download_is_refused_and_not_kept(tmp_path, serve):
    """A mirror that serves something else is an error, not a reason to look elsewhere."""
    folder = _lay_out(tmp_path / "mirror" / "tiny")
    (folder / "weights").write_bytes(bytes(len(CONTENTS["weights"])))
    address = serve(partial(QuietFiles, directory=str(tmp_path / "mirror")))
    with pytest.raises(ModelIntegrityError, match=r"tiny/weights is not the published file.*nothing was kept"):
        store.pull(_entry(), _settings(tmp_path, address))
    assert _left_behind(tmp_path) == []


def test_a_truncated_download_leaves_nothing_behind(tmp_path, serve):
    """A connection that ends early is a failed download."""
    address = serve(StopsHalfWay)
    with pytest.raises(ModelNotAvailableError, match="could not be downloaded"):
        store.pull(_entry(), _settings(tmp_path, address))
    assert _left_behind(tmp_path) == []


def test_an_endless_download_is_cut_off_at_the_size_of_the_file(tmp_path, serve):
    """A server cannot fill the disk."""
    address = serve(NeverEnds)
    with pytest.raises(ModelIntegrityError):
        store.pull(_entry(), _settings(tmp_path, address))
    assert _left_behind(tmp_path) == []
    assert NeverEnds.sent < 2000 << 16


def test_a_model_that_is_nowhere_says_what_was_tried_and_what_to_do(tmp_path):
    """The sentence holds every address tried, the setting and the command."""
    with pytest.raises(ModelNotAvailableError) as caught:
        store.pull(_entry(), _settings(tmp_path, "http://127.0.0.1:9/mirror"))
    message = str(caught.value)
    for part in (
        f"{NOWHERE}/deep/folder/weights",
        "/mirror/tiny/weights",
        "SEMALIGN_MODELS_MIRROR",
        "models pull tiny",
    ):
        assert part in message
    assert _left_behind(tmp_path) == []


def test_a_store_that_cannot_be_written_is_named(tmp_path, serve):
    """A file where the store should be is answered with the setting to change."""
    _lay_out(tmp_path / "mirror" / "tiny")
    (tmp_path / "store").write_text("not a directory")
    address = serve(partial(QuietFiles, directory=str(tmp_path / "mirror")))
    with pytest.raises(ModelNotAvailableError, match="SEMALIGN_MODELS_DIR"):
        store.pull(_entry(), _settings(tmp_path, address))


def test_reading_a_model_that_is_not_here_names_the_command(tmp_path):
    """Reading never downloads."""
    with pytest.raises(ModelNotAvailableError, match="semalign models pull tiny"):
        store.read(_entry(), _settings(tmp_path))


class TestTerms:
    """Networks that must not be used commercially are fetched for those who accepted that."""

    def test_nothing_is_fetched_before_somebody_accepted(self, tmp_path, serve):
        """The sentence names the terms, the flag and the setting; no byte is asked for."""
        _lay_out(tmp_path / "mirror" / "tiny")
        address = serve(partial(QuietFiles, directory=str(tmp_path / "mirror")))
        settings = _settings(tmp_path, address).model_copy(update={"models_accept_non_commercial": False})
        with pytest.raises(TermsNotAcceptedError, match=r"show tiny.*--accept-terms.*ACCEPT_NON_COMMERCIAL=true"):
            store.pull(_entry(), settings)
        assert _left_behind(tmp_path) == []
        assert store.pull(_entry(), settings, accept_terms=True) == CONTENTS
        assert store.pull(_entry(), settings) == CONTENTS, "what is here was accepted by whoever put it here"

    def test_free_networks_ask_nothing(self, tmp_path, serve):
        """There is nothing to accept."""
        _lay_out(tmp_path / "mirror" / "tiny")
        address = serve(partial(QuietFiles, directory=str(tmp_path / "mirror")))
        settings = _settings(tmp_path, address).model_copy(update={"models_accept_non_commercial": False})
        assert store.pull(dataclasses.replace(_entry(), non_commercial=False), settings) == CONTENTS


class TestEmbedded:
    """Models whose files come with the package."""

    @staticmethod
    def entry() -> CatalogueEntry:
        """Return the tiny model, its files without an address."""
        return dataclasses.replace(
            _entry(), files=tuple(dataclasses.replace(file, url=None) for file in _entry().files)
        )

    def test_they_are_read_from_the_package_alone(self, tmp_path, monkeypatch):
        """No mirror, no store and no network is asked."""
        monkeypatch.setattr(store, "EMBEDDED_FOLDER", tmp_path / "package")
        _lay_out(tmp_path / "package" / "tiny")
        settings = _settings(tmp_path, _lay_out(tmp_path / "mirror" / "other").parent)
        assert self.entry().is_embedded
        assert store.pull(self.entry(), settings) == CONTENTS

    def test_a_damaged_installation_says_so(self, tmp_path, monkeypatch):
        """A file that is missing or changed cannot be fetched: semalign has to be installed again."""
        monkeypatch.setattr(store, "EMBEDDED_FOLDER", tmp_path / "package")
        with pytest.raises(ModelNotAvailableError, match="is missing from this installation; install semalign again"):
            store.pull(self.entry(), _settings(tmp_path))
        (_lay_out(tmp_path / "package" / "tiny") / "head").write_bytes(b"another head")
        with pytest.raises(ModelIntegrityError, match="install semalign again"):
            store.pull(self.entry(), _settings(tmp_path))
