import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.dashboard import DEADLINE_MS, Dashboard
from tests.support.gateway import GatewayProcess

# A browser that looks for updates meets only refusals in a closed network, and --no-sandbox is for root.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

Open = Callable[..., Dashboard]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "these tests need Chromium; on Debian: apt install chromium"
    expect.set_options(timeout=DEADLINE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens the page of a gateway; what the browser complained about fails the test at its end."""
    contexts: list[BrowserContext] = []
    pages: list[Dashboard] = []

    def open_one(gateway: GatewayProcess, address: str = "", **options: object) -> Dashboard:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page: Page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        dashboard = Dashboard(page, gateway)
        pages.append(dashboard)
        dashboard.open(address)
        return dashboard

    yield open_one
    complaints = [line for page in pages for line in page.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with the four simulated boards, for the tests of a file that do not stop it."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with GatewayProcess(folder, "--no_i2c") as gateway:
        gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all are online")
        yield gateway
