"""A view that a part of the gateway brings: an entry in the navigation, loaded when it is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.streams import streams_of
from gateway.host.view import PartView
from tests.api.gateway import Gateway
from tests.api.serving import Running
from tests.browser.conftest import Open

VIEW = PartView("weather", "Weather", "tests.dashboard.part", "view.js")


@dataclass
class Served:
    """Where a page is found, as `GatewayProcess` tells it."""

    port: int


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Gateway(tmp_path) as gateway:
        gateway.views = (VIEW,)
        app = gateway.app()
        running = Running(app, end_streams=streams_of(app).end)
        running.start()
        yield Served(running.address[1])
        running.request_stop()
        running.join()


def test_it_is_in_the_navigation_and_opens(served: Served, open_page: Open) -> None:
    page = open_page(served)
    entry = page.page.get_by_role("navigation").get_by_role("link", name="Weather")
    expect(entry).to_be_visible()
    assert not any("/dashboard/parts/" in address for address in page.requests)
    entry.click()
    expect(page.page.get_by_role("heading", level=1)).to_have_text("Weather")
    expect(page.page.locator("#greeting")).to_have_text("Weather of 2 devices")
    expect(entry).to_have_attribute("aria-current", "page")
    expect(page.page).to_have_title("Weather · Arduino gateway")
    page.go("Devices")
    expect(page.page.locator("#greeting")).to_have_count(0)
    assert entry.get_attribute("aria-current") is None


def test_its_address_can_be_opened_and_a_phone_has_room(served: Served, open_page: Open) -> None:
    page = open_page(served, "weather", viewport={"width": 360, "height": 740})
    expect(page.page.get_by_role("heading", level=1)).to_have_text("Weather")
    assert page.width() <= 360
