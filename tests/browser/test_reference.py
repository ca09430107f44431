"""The reference of the API at /docs, in a real browser that reaches nothing but the gateway."""

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.support.gateway import GatewayProcess


def test_it_shows_an_operation_and_tries_it(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "devices")
    page.page.get_by_role("link", name="API reference").click()
    page.page.wait_for_url("**/docs")
    operation = page.page.locator("#operations-devices-list_devices")
    expect(operation).to_contain_text("List every device.")
    operation.locator(".opblock-summary-control").click()
    expect(operation.locator(".responses-table").first).to_contain_text('"greenhouse"')
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    live = operation.locator(".live-responses-table tbody .response-col_status").first
    expect(live).to_contain_text("200")
    expect(page.page.locator("#missing")).to_be_hidden()
    asked = {urlsplit(one).netloc for one in page.requests if not one.startswith("data:")}
    assert asked == {f"127.0.0.1:{demo.port}"}


def test_without_the_library_it_says_what_to_do(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "devices")
    page.page.route("**/vendor/**", lambda route: route.abort())
    page.page.goto(f"http://127.0.0.1:{demo.port}/docs")
    missing = page.page.get_by_role("alert")
    expect(missing).to_contain_text("make charts")
    missing.get_by_role("link", name="/openapi.json").click()
    page.page.wait_for_url("**/openapi.json")
