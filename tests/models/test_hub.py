"""Fetching checkpoints from a hub: a small server of our own that speaks its protocol."""

import hashlib
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tiny_networks import write_card

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# The client reads where the hub is when it is imported, so each question needs a process of its own.
PULL = """
from models.hub import pull_checkpoint
from models.lookup import find_model
print(pull_checkpoint(find_model("tiny"), accept_terms=%r))
"""


@pytest.fixture
def hub(tmp_path):
    """Serve a repository `somebody/tiny` that holds a checkpoint, and more than is needed of it."""
    folder = tmp_path / "repository"
    folder.mkdir()
    for name in ("config.json", "preprocessor_config.json", "model.safetensors", "pytorch_model.bin", "train.py"):
        (folder / name).write_text(f"content of {name}")
    asked = []

    class Hub(BaseHTTPRequestHandler):
        """What the client asks: the list of files of a commit, and each file."""

        def do_HEAD(self) -> None:
            """Tell the size and digest of a file."""
            self.answer(body=False)

        def do_GET(self) -> None:
            """Send a list or a file."""
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            """Answer any question."""
            asked.append(self.path)
            name = self.path.split("?")[0].rsplit("/", 1)[-1]
            if "/tree/" in self.path:
                files = [{"type": "file", "path": path.name, "size": 1, "oid": COMMIT} for path in folder.iterdir()]
                content = json.dumps(files).encode()
            elif "/api/" in self.path:
                names = [{"rfilename": path.name} for path in folder.iterdir()]
                content = json.dumps({"id": "somebody/tiny", "sha": COMMIT, "siblings": names}).encode()
            else:
                content = (folder / name).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json" if "/api/" in self.path else "application/octet-stream")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def pull(tmp_path, monkeypatch):
    """Return what fetches the checkpoint of a card from a hub, in a process of its own."""
    network = {"format": "huggingface", "folder": "checkpoint", "hub": "somebody/tiny", "revision": COMMIT}
    write_card(tmp_path / "cards" / "tiny.yaml", segments="image", network=network, non_commercial=True)

    def run(endpoint: str, *, accept: bool = True, offline: bool = False) -> subprocess.CompletedProcess:
        for name, value in {
            "HF_ENDPOINT": endpoint,
            "HF_HUB_OFFLINE": "1" if offline else "0",
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_DISABLE_XET": "1",
            "SEMALIGN_MODELS_CARDS": str(tmp_path / "cards"),
            "SEMALIGN_MODELS_DIR": str(tmp_path / "store"),
        }.items():
            monkeypatch.setenv(name, value)
        return subprocess.run([sys.executable, "-c", PULL % accept], capture_output=True, text=True, check=False)

    return run


def test_a_checkpoint_is_fetched_whole_without_code_or_pickles(hub, pull, tmp_path):
    """Settings and safetensors alone, at the commit that the card pins; then nothing more is asked."""
    endpoint, asked = hub
    finished = pull(endpoint)
    folder = tmp_path / "cards" / "checkpoint"
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == str(folder)
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        "config.json",
        "preprocessor_config.json",
        "model.safetensors",
    }
    assert all(COMMIT in path for path in asked if "resolve" in path)
    assert not any(path.endswith(("train.py", "pytorch_model.bin")) for path in asked)
    asked.clear()
    assert pull(endpoint).returncode == 0
    assert asked == []


def test_nothing_is_fetched_before_somebody_accepted_the_terms(hub, pull):
    """The hub is not even asked."""
    endpoint, asked = hub
    assert "TermsNotAcceptedError" in pull(endpoint, accept=False).stderr
    assert asked == []


def test_a_hub_that_cannot_be_reached(hub, pull, tmp_path):
    """The sentence says where the files may be put by hand."""
    finished = pull(hub[0], offline=True)
    assert "ModelNotAvailableError: 'tiny' could not be fetched" in finished.stderr
    assert f"put the repository's files into {tmp_path / 'cards' / 'checkpoint'}" in finished.stderr
    assert not (tmp_path / "cards" / "checkpoint").exists()
