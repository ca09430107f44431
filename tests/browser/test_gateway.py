"""The gateway about itself, its log, and the names that people give to devices."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.support.gateway import GatewayProcess


def test_its_parts_are_shown(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "gateway").page
    for title in (
        "Journal",
        "Workers",
        "Delivery",
        "Clock",
        "Buses",
        "Losses of the last day",
        "Log",
    ):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="collection")).to_contain_text("running")
    expect(page.get_by_role("row", name="i2c1")).to_contain_text("i2c, simulated")
    losses = page.get_by_role("region", name="Losses by device")
    expect(losses.get_by_role("row", name="vehicle")).to_have_text(re.compile(r"^vehicle\d+0\W$"))
    expect(page.get_by_text("Every expected reading is stored.")).to_be_visible()
    expect(page.get_by_text("the journal on this machine is the store")).to_be_visible()


def test_the_log_can_be_read_and_its_level_changed(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "gateway").page
    lines = page.locator(".log li")
    expect(lines.filter(has_text="listening on").first).to_be_visible()
    page.get_by_label("Show from").select_option("ERROR")
    expect(page.get_by_text("Nothing of this level yet.")).to_be_visible()
    page.get_by_label("Gateway writes").select_option("DEBUG")
    expect(page.get_by_text("The gateway writes DEBUG and above")).to_be_visible()
    page.get_by_label("Show from").select_option("DEBUG")
    expect(lines.filter(has_text="DEBUG").first).to_be_visible()


def test_a_device_can_be_given_a_name(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, "device/workshop").page
    page.get_by_label("Name on this page").fill("Workshop 2")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Workshop 2", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Workshop 2", level=1)).to_be_visible()
    expect(page.get_by_text(re.compile("^workshop$")).first).to_be_visible()
