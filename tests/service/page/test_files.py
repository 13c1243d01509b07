"""The page's files: what is vendored, what a browser may do, and what it weighs."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from worker.settings import Settings

FOLDER = Path(__file__).parents[3] / "service" / "page"
VENDORED = json.loads((FOLDER / "vendor" / "VENDORED.json").read_text())


@pytest.fixture
def http(tmp_path: Path) -> TestClient:
    """Return a client of an API that has neither broker nor workers."""
    return TestClient(create_app(Settings(data_dir=tmp_path, allow_anonymous=True)))


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["file"])
def test_vendored_files_are_the_published_ones(entry: dict[str, str]) -> None:
    """With the one stated change undone, each is byte for byte what its package has."""
    content = (FOLDER / "vendor" / entry["file"]).read_text()
    for published, ours in entry.get("changed", {}).items():
        assert content.count(ours) == 1
        content = content.replace(ours, published)
    assert hashlib.sha256(content.encode()).hexdigest() == entry["sha256"]
    assert entry["licence"] in {"MIT", "Apache-2.0"}


def test_everything_vendored_is_stated() -> None:
    """No file comes without version, licence and hash."""
    files = {path.name for path in (FOLDER / "vendor").iterdir()} - {"VENDORED.json"}
    assert files == {entry["file"] for entry in VENDORED}


def test_the_page_may_do_nothing_it_does_not_need(http: TestClient) -> None:
    """Nothing from elsewhere, nothing inline; no referrer, no guessing of types."""
    for address in ("/", "/docs", "/page/static/main.js", "/page/static/base.css"):
        headers = http.get(address).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert not any(
            "unsafe" in sources or ":" in sources.replace("blob:", "").replace("data:", "")
            for sources in policy.values()
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_markup_names_no_other_host_and_has_nothing_inline() -> None:
    """Scripts, styles and pictures are files of ours; what it names is there."""
    markup = "".join((FOLDER / "static" / name).read_text() for name in ("index.html", "docs.html"))
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=|javascript:|//", markup)
    for name in re.findall(r'(?:src|href)="page/([^"]+)"', markup):
        assert (FOLDER / name).is_file(), name
    for script in (FOLDER / "static").glob("*.js"):
        for name in re.findall(r'(?:from |import\()"(\.[^"]+)"', script.read_text()):
            assert (script.parent / name).is_file(), (script.name, name)


def test_files_are_sent_once(http: TestClient) -> None:
    """A browser that has the file as it is hears so, and nothing more."""
    first = http.get("/page/vendor/three.module.min.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = http.get("/page/vendor/three.module.min.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["router.py", "static/none.js", "static/..%2Frouter.py", "static/%2e%2e%2frouter.py"])
def test_nothing_else_is_served(http: TestClient, name: str) -> None:
    """Neither code nor anything outside of the page's folders."""
    assert http.get(f"/page/{name}").status_code == 404


def test_the_sample_is_small() -> None:
    """It comes with every copy of semalign."""
    assert sum(path.stat().st_size for path in (FOLDER / "sample").iterdir()) < 600_000
