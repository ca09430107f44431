"""Boards at a glance: they appear, live, grow stale, fall silent and come back."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess

JOURNAL = '[journal]\ncommit_interval = "200ms"\n'


def buses_alone(boards: BoardsProcess) -> str:
    """A configuration that names the ports and no device."""
    return JOURNAL + re.sub(r"\[\[device\]\]\nid = .*\nbus = .*\n", "", boards.config())


def test_a_board_that_is_plugged_in_appears_by_itself(tmp_path: Path, open_page: Open) -> None:
    boards = BoardsProcess(tmp_path, 1)
    with GatewayProcess(tmp_path, config=buses_alone(boards)) as gateway:
        page = open_page(gateway)
        advice = page.page.get_by_role("heading", name="Plug in a board")
        expect(advice).to_be_visible()
        with boards:
            card = page.page.get_by_role("article")
            expect(card).to_have_count(1)
            expect(card).to_have_attribute("data-state", "online")
            expect(card.locator(".value").first).to_have_text(re.compile(r"\d|yes|no"))
            expect(card.get_by_role("link", name="Commands")).to_be_visible()
            expect(advice).to_be_hidden()
            expect(page.page.locator("#said")).to_contain_text("found")
            assert page.streams() == 1


def test_a_board_that_takes_no_more_samples_looks_stale_and_an_unplugged_one_says_since_when(
    tmp_path: Path, open_page: Open
) -> None:
    with (
        BoardsProcess(tmp_path, 1) as boards,
        GatewayProcess(tmp_path, config=JOURNAL + boards.config()) as gateway,
    ):
        page = open_page(gateway)
        card = page.card("board0")
        expect(card).to_have_attribute("data-state", "online")
        expect(card).not_to_have_attribute("data-stale", "true")
        boards.freeze()
        expect(card).to_have_attribute("data-stale", "true")
        expect(card.locator(".age")).to_contain_text(re.compile(r"Stale: \d+ s ago"))
        boards.kill()
        expect(card).to_have_attribute("data-state", "offline")
        expect(card.locator(".absence")).to_contain_text(re.compile(r"Silent since \d.*: \w"))
        expect(card.locator(".health")).to_contain_text("supply or cable")
        expect(page.page.locator("#said")).to_contain_text("board0 is offline")
        boards.start()
        expect(card).to_have_attribute("data-state", "online")
        expect(card).not_to_have_attribute("data-stale", "true")
        expect(card.locator(".absence")).to_be_hidden()


def test_values_are_live_with_their_units_and_simulated_boards_are_labelled(
    demo: GatewayProcess, open_page: Open
) -> None:
    page = open_page(demo)
    distance = page.value("vehicle", "distance")
    expect(distance).to_have_text(re.compile(r"\d"))
    for _ in range(3):
        before = distance.inner_text()
        expect(distance).not_to_have_text(before)
    expect(page.card("greenhouse")).to_contain_text("°C")
    expect(page.card("greenhouse")).to_contain_text("simulated")
    expect(page.card("greenhouse").locator(".age")).to_contain_text("Measured")
    expect(page.card("greenhouse").locator(".trend path").first).to_have_attribute(
        "d", re.compile("^M")
    )
    expect(page.contact).to_have_text("Live")


def test_a_missing_value_looks_missing(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo)
    expect(page.value("workshop", "noise")).to_have_text(re.compile(r"\d"))
    silent = {"signals": {"noise": {"kind": "constant", "value": None}}}
    answer = demo.request("PUT", "/api/v1/dummy/devices/workshop", json.dumps(silent))
    assert answer.status == 200
    expect(page.value("workshop", "noise")).to_have_text("missing")
    expect(page.card("workshop").locator("[data-missing]")).to_have_count(1)
    expect(page.card("workshop")).not_to_have_attribute("data-stale", "true")


def test_one_stream_serves_all_pages_and_the_keyboard_reaches_them(
    demo: GatewayProcess, open_page: Open
) -> None:
    page = open_page(demo)
    expect(page.contact).to_have_text("Live")
    page.page.keyboard.press("Tab")
    expect(page.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for name in ("Devices", "History", "Commands", "Gateway"):
        page.page.keyboard.press("Tab")
        expect(page.page.get_by_role("link", name=name, exact=True).first).to_be_focused()
    page.page.keyboard.press("Enter")
    expect(page.page.get_by_role("heading", name="Gateway", level=1)).to_be_visible()
    expect(page.page.locator("main")).to_be_focused()
    for name in ("Commands", "History", "Devices"):
        page.go(name)
        expect(page.page.get_by_role("heading", name=name, level=1)).to_be_visible()
    page.card("vehicle").get_by_role("link", name="vehicle", exact=True).click()
    expect(page.page.get_by_role("heading", name="Board", exact=True)).to_be_visible()
    assert page.streams() == 1
