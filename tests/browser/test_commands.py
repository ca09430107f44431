"""Commands: forms from the board's own description, receipts, refusals, and who sent what."""

import json

from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Open
from tests.browser.dashboard import Dashboard
from tests.support.gateway import GatewayProcess


def form(page: Dashboard, name: str) -> Locator:
    return page.page.get_by_role("form", name=name)


def sent(gateway: GatewayProcess, device: str, name: str) -> list[dict[str, object]]:
    commands = gateway.get(f"/api/v1/commands?device={device}")["commands"]
    return [one for one in commands if one["name"] == name]


def test_a_command_goes_to_the_board_and_its_receipt_comes_back(
    demo: GatewayProcess, open_page: Open
) -> None:
    page = open_page(demo, "commands?device=greenhouse")
    fan = form(page, "fan")
    expect(fan).to_contain_text("whole number from 0 to 255")
    fan.get_by_label("speed").fill("128")
    fan.get_by_role("button", name="Send").click()
    expect(fan.get_by_role("status")).to_contain_text("Done in")
    expect(fan.locator(".steps .reached")).to_have_count(3)
    row = page.page.get_by_role("row").filter(has_text="speed = 128").first
    expect(row).to_contain_text("Done")
    assert sent(demo, "greenhouse", "fan")[0]["arguments"] == {"speed": 128}


def test_a_command_that_takes_time_moves_through_its_states(
    demo: GatewayProcess, open_page: Open
) -> None:
    page = open_page(demo, "commands?device=laboratory")
    self_test = form(page, "self test")
    self_test.get_by_role("button", name="Send").click()
    expect(self_test.get_by_role("status")).to_have_text("Sent, waiting for the board")
    expect(self_test.get_by_role("status")).to_contain_text("Done in")


def test_what_is_out_of_bounds_is_not_sent_and_says_why(
    demo: GatewayProcess, open_page: Open
) -> None:
    page = open_page(demo, "commands?device=vehicle")
    lamp = form(page, "lamp")
    lamp.get_by_role("button", name="Send").click()
    expect(lamp).to_contain_text("level is missing")
    lamp.get_by_label("level").fill("101")
    lamp.get_by_role("button", name="Send").click()
    expect(lamp).to_contain_text("level must be from 0 to 100")
    expect(lamp.get_by_label("level")).to_be_focused()
    expect(lamp.get_by_label("level")).to_have_attribute("aria-invalid", "true")
    assert sent(demo, "vehicle", "lamp") == []


def test_a_dangerous_command_asks_first(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "commands?device=workshop")
    reset = form(page, "reset counter")
    button = reset.get_by_role("button", name="Send")
    dialog = page.page.get_by_role("dialog", name="Send reset counter to workshop?")
    button.click()
    expect(dialog).to_be_visible()
    page.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    button.click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert sent(demo, "workshop", "reset_counter") == []
    button.click()
    dialog.get_by_role("button", name="Send reset counter").click()
    expect(reset.get_by_role("status")).to_contain_text("Done")
    assert len(sent(demo, "workshop", "reset_counter")) == 1


def test_a_refusal_of_the_gateway_is_said_in_words(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "commands?device=greenhouse")
    problem = {"code": "device_offline", "detail": "no answer", "status": 503}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    page.page.route("**/commands?wait=0", refuse)
    valve = form(page, "valve")
    valve.get_by_label("open").check()
    valve.get_by_role("button", name="Send").click()
    expect(valve.get_by_role("alert")).to_have_text("The board does not answer. Nothing was sent.")
