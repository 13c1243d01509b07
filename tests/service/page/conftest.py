"""The service with its real pipeline, and Chromium to look at its page."""

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from ports import free_port

from worker.local_stack import LocalStack
from worker.settings import Settings

# Cores are shared with other tests: what is awaited may take its time.
PATIENCE_MS = 90_000
# Debian's build draws WebGL without a graphics card; root, as in containers, has no sandbox.
_OPTIONS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


# For a file of tests, not the whole session: its event loop would be in the way of other tests' own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run the machine's Chromium, or skip."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium here: install it (apt-get install chromium) to try the web page")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run broker, worker and API, and return where they are."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("page"), broker_url="", keys_file=None)
    with LocalStack(settings, host="127.0.0.1", port=free_port(), workers=1) as stack:
        yield stack.url


@pytest.fixture(scope="session")
def sample_job(server: str, sample_parts: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the status of the sample's job, once it is done."""
    with httpx.Client(base_url=server, timeout=120) as http:
        answer = http.post("/calibrate", files=sample_parts, headers={"Prefer": "wait=60"})
        job: dict[str, Any] = answer.json()
        while job["state"] in {"queued", "running"}:
            job = http.get(f"/jobs/{job['id']}", headers={"Prefer": "wait=60"}).json()
    assert job["state"] == "succeeded", json.dumps(job)
    return job


@pytest.fixture
def open_page(chromium: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address in a fresh browser; what the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_at(address: str = "/", *, base: str = server, width: int = 1280, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        # Refusals that a test provokes are logged by the browser, and no complaint about the page.
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.goto(base + address)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []
