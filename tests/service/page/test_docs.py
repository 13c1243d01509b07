"""The description of the HTTP interface in a real browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_the_description_is_drawn_and_tried_without_any_other_host(open_page: Callable[..., Page], server: str) -> None:
    """Every endpoint is there, one answers from the page, and the browser refused nothing that the page wanted."""
    page = open_page("/docs")
    for address in ("/calibrate", "/jobs/{job_id}", "/rigs/{rig_id}/frames"):
        expect(page.locator(f".opblock-summary-path[data-path='{address}']").first).to_be_visible()
    version = page.locator("#operations-health-version")
    version.locator(".opblock-summary-control").click()
    version.get_by_role("button", name="Try it out").click()
    version.get_by_role("button", name="Execute").click()
    expect(version.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    asked = page.evaluate("() => performance.getEntriesByType('resource').map(entry => entry.name)")
    assert asked
    assert {address for address in asked if not address.startswith((server, "data:"))} == set()
