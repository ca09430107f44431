"""The gateway goes away and comes back: the page says so, its values grow stale, and it goes on by itself."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.support.gateway import GatewayProcess


def test_the_page_outlives_a_gateway_that_is_killed(tmp_path: Path, open_page: Open) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all are online")
        page = open_page(gateway)
        card = page.card("vehicle")
        expect(card).to_have_attribute("data-state", "online")
        expect(page.contact).to_have_text("Live")

        gateway.kill()
        expect(page.contact).to_have_text("No contact")
        banner = page.page.get_by_role("alert").filter(has_text="No contact with the gateway since")
        expect(banner).to_be_visible()
        expect(card).to_have_attribute("data-stale", "true")
        expect(card.locator(".age")).to_contain_text("no contact with the gateway")

        gateway.start()
        expect(page.contact).to_have_text("Live")
        expect(banner).to_be_hidden()
        expect(card).not_to_have_attribute("data-stale", "true")
        expect(card.locator(".age")).to_contain_text("Measured")
