"""Charts, their table and their download."""

import csv
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.support.gateway import GatewayProcess

CHOSEN = "history?c=greenhouse.temperature,laboratory.temperature,workshop.noise"


def test_channels_are_charted_by_unit_with_their_numbers(
    demo: GatewayProcess, open_page: Open
) -> None:
    page = open_page(demo, CHOSEN)
    expect(page.page.locator("canvas")).to_have_count(2)
    table = page.page.get_by_role("region", name="Numbers of the charts")
    expect(table.get_by_role("row")).to_have_count(4)
    expect(table.get_by_role("row", name="greenhouse.temperature")).to_contain_text(
        re.compile(r"\d.* °C")
    )
    page.page.get_by_role("checkbox", name="soil").check()
    expect(page.page.locator("canvas")).to_have_count(3)
    page.page.get_by_role("checkbox", name="noise").uncheck()
    expect(page.page.locator("canvas")).to_have_count(2)
    expect(page.page).to_have_url(re.compile("greenhouse.soil"))


def test_it_is_live_and_can_be_moved_and_zoomed(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo, CHOSEN)
    said = page.page.locator(".heading .summary")
    expect(said).to_have_text("Live, one point for 10 s.")
    newest = page.page.get_by_role("row", name="workshop.noise").get_by_role("cell").first
    before = newest.inner_text()
    expect(newest).not_to_have_text(before)
    page.page.get_by_label("Day").check(force=True)
    expect(said).to_have_text("Live, one point for 5 min.")
    page.page.get_by_role("button", name="Zoom in").click()
    expect(said).to_have_text("A part of the past, one point for 2 min.")
    page.page.get_by_role("button", name="Back to now").click()
    expect(said).to_have_text("Live, one point for 5 min.")
    box = page.page.locator(".u-over").first.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 50)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60, steps=5)
    page.page.mouse.up()
    expect(said).to_have_text("A part of the past, one point for 30 s.")


def test_what_is_shown_can_be_taken_away_as_csv(
    demo: GatewayProcess, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(demo, CHOSEN)
    expect(page.page.locator(".heading .summary")).to_have_text("Live, one point for 10 s.")
    with page.page.expect_download() as waiting:
        page.page.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "readings.csv")
    with (tmp_path / "readings.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert row["time"].endswith("Z")
        low, mean, high = (
            float(row[f"workshop.noise_{name}"] or "nan") for name in ("min", "mean", "max")
        )
        assert low <= mean <= high


def test_without_the_chart_library_there_are_numbers(demo: GatewayProcess, open_page: Open) -> None:
    page = open_page(demo)
    page.page.route("**/vendor/**", lambda route: route.abort())
    page.page.evaluate(f"location.hash = '#/{CHOSEN}'")
    expect(
        page.page.get_by_text("The chart library is not part of this installation")
    ).to_be_visible()
    table = page.page.get_by_role("region", name="Numbers of the charts")
    expect(table.get_by_role("row", name="workshop.noise")).to_contain_text(re.compile(r"\d.* dB"))
