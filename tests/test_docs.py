"""The commands and the Python of the documentation run, and its links lead somewhere.

A block of shell or Python is run, in the order of its document, or a comment before it says why it is not:
`<!-- not run: the reason -->`. Commands go to a service that was started as the README says.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from worker import child_process

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern))
# Documents of Python alone, which needs no service.
PROGRAMS = ("docs/conventions.md", "docs/tutorials/which-way.md")
# Documents whose commands go to a service; the first takes the longest.
JOURNEYS = (
    "README.md",
    "docs/batch.md",
    "docs/client.md",
    "docs/tutorials/choosing-frames.md",
    "docs/tutorials/own-data.md",
)
_BLOCK = re.compile(r"^(?P<mark><!-- not run: .+? -->\n)?```(?P<language>sh|python)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
_ADDRESS = "http://127.0.0.1:8000"
# A doubtful verdict is no fault of a document.
_PREAMBLE = """set -euo pipefail
semalign() { command semalign "$@" || case $? in 3 | 4) ;; *) echo "failed: semalign $*" >&2; return 1 ;; esac; }
curl() { command curl --fail-with-body -sS "$@"; }
"""


class Block(NamedTuple):
    """A block of code in a document."""

    language: str
    text: str
    line: int
    is_run: bool


def blocks(document: str) -> list[Block]:
    """Return the blocks of shell and Python in a document."""
    text = (ROOT / document).read_text()
    return [
        Block(found["language"], found["text"], text.count("\n", 0, found.start("text")), not found["mark"])
        for found in _BLOCK.finditer(text)
    ]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_is_run_or_says_why_not(document: str) -> None:
    """Commands that nobody tries go stale."""
    text = (ROOT / document).read_text()
    found = blocks(document)
    fences = re.findall(r"^```(?:sh|python|bash|console|shell)$", text, re.M)
    assert len(found) == len(fences), "blocks are called sh or python"
    if document not in PROGRAMS + JOURNEYS:
        assert [block.line for block in found if block.is_run] == [], "neither run nor marked"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    """To files, and to headings in them."""
    for target, heading in _LINK.findall((ROOT / document).read_text()):
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.exists(), f"{document}: {target}"
        if heading and path.suffix == ".md":
            assert heading[1:] in _anchors(path.read_text()), f"{document}: {target}{heading}"


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", PROGRAMS)
def test_programs_run(document: str) -> None:
    """Every block runs, with line numbers of the document in its traceback."""
    assert blocks(document)
    run_python(document)


def run_python(document: str, **replaced: str) -> None:
    """Run the Python of a document; its blocks share their names."""
    names: dict[str, object] = {"__name__": document}
    for block in blocks(document):
        if block.language == "python" and block.is_run:
            text = block.text
            for old, new in replaced.items():
                text = text.replace(old, new)
            exec(compile("\n" * block.line + text, ROOT / document, "exec"), names)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a newcomer, who has fetched no network yet."""
    folder = tmp_path_factory.mktemp("newcomer")
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SEMALIGN_DATA_DIR": str(folder / "data"),
        "SEMALIGN_BROKER_URL": "",
        "SEMALIGN_PIPELINE": "",
        "SEMALIGN_MODELS_DIR": str(folder / "models"),
        "SEMALIGN_MODELS_MIRROR": "",
        "SEMALIGN_THREADS": "1",
    }


@pytest.fixture(scope="module")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `semalign up` and return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("service") / "up.log"
    process = child_process.start(["semalign", "up", "--port", str(port)], environment=environment, log=log)
    try:
        deadline = time.monotonic() + 180
        while "ready at" not in log.read_text():
            assert process.is_alive, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop(30)


@pytest.fixture(scope="module")
def demo_output(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what `make demo` leaves behind."""
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(["semalign", "demo"], cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "demo-output"


@pytest.fixture
def folder(demo_output: Path, tmp_path: Path) -> Path:
    """Return a folder with the files that the documents speak of."""
    shutil.copytree(demo_output, tmp_path / "demo-output")
    for file in ("sample/image.png", "sample/cloud.bin", "camera.json", "initial.json"):
        shutil.copy(demo_output / file, tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("document", JOURNEYS)
def test_commands_run(
    document: str, folder: Path, service: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer types them in their order and none fails."""
    if shutil.which("curl") is None and "curl" in (ROOT / document).read_text():
        pytest.skip("there is no curl here")
    script = _PREAMBLE + "".join(
        f"echo '== {document}, line {block.line}' >&2\n{block.text}"
        for block in blocks(document)
        if block.language == "sh" and block.is_run
    )
    script = script.replace(_ADDRESS, service).replace(".venv/bin/", "")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**environment, "SEMALIGN_SERVER": service},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    monkeypatch.chdir(folder)
    run_python(document, **{_ADDRESS: service})
