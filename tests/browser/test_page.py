"""The page as a whole: small, narrow enough for a phone, and usable without eyes or a mouse."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.dashboard import PAGES, Dashboard
from tests.support.gateway import GatewayProcess
from tests.support.process import ROOT

FIRST_VIEW_MAX = 100_000
AXE = ROOT / "node_modules/axe-core/axe.min.js"


def until_filled(page: Dashboard, name: str) -> None:
    """Wait until a page shows what it is for."""
    heading = page.page.get_by_role("heading", level=1)
    expect(heading).to_have_count(1)
    filled = {"devices": ".value", "device/greenhouse": ".facts dd", "history": "canvas",
              "commands": "form.command", "gateway": ".tiles .card"}  # fmt: skip
    expect(page.page.locator(filled[name]).first).to_be_visible()
    expect(page.contact).to_have_text("Live")


def test_the_first_view_is_small(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo)
    until_filled(page, "devices")
    network = page.page.context.new_cdp_session(page.page)
    received: list[float] = []
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.page.reload()
    until_filled(page, "devices")
    page.page.wait_for_function(
        "() => performance.getEntriesByName(location.origin + '/api/v1/status').length > 0"
    )
    assert 20_000 < sum(received) < FIRST_VIEW_MAX


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_all_of_it(demo: GatewayProcess, open_page: Open, name: str) -> None:
    page = open_page(demo, name, viewport={"width": 360, "height": 740}, has_touch=True)
    until_filled(page, name)
    assert page.width() <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_rule_of_accessibility_is_broken(
    demo: GatewayProcess, open_page: Open, name: str, scheme: str
) -> None:
    page = open_page(demo, name, color_scheme=scheme)
    until_filled(page, name)
    assert violations(page, AXE) == []


def violations(page: Dashboard, axe: Path) -> list[str]:
    """What axe-core finds, a line for each place."""
    assert axe.exists(), "axe-core is not installed; `make test` does it with npm"
    page.page.evaluate(axe.read_text("utf-8"))
    found: dict[str, Any] = page.page.evaluate("axe.run(document)")
    return [
        f"{rule['id']}: {node['html'][:120]}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
