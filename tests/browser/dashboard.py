"""The dashboard as a person sees it."""

import re

from playwright.sync_api import ConsoleMessage, Locator, Page, Request

from tests.support.gateway import GatewayProcess

DEADLINE_MS = 30_000
"""Generous: only a failing test waits this long."""

PAGES = ("devices", "device/greenhouse", "history", "commands", "gateway")

# What a browser says when the gateway is away, or has no such part; the page itself says so to people.
_EXPECTED = re.compile(r"Failed to load resource|net::ERR_")


class Dashboard:
    """One page in one browser."""

    def __init__(self, page: Page, gateway: GatewayProcess) -> None:
        """Opens nothing."""
        self.page = page
        self.gateway = gateway
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._requested)

    def open(self, address: str = "") -> None:
        """Load the page; `address` is the part behind the `#/`."""
        self.page.goto(f"http://127.0.0.1:{self.gateway.port}/#/{address}")

    def go(self, name: str) -> None:
        """Follow a link of the navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=name).click()

    def card(self, device: str) -> Locator:
        """The card of a device."""
        return self.page.get_by_role("article", name=device)

    def value(self, device: str, channel: str) -> Locator:
        """The value of a channel on the card of its device."""
        rows = self.card(device).locator(".row")
        return rows.filter(has=self.page.get_by_text(channel, exact=True)).locator(".value")

    @property
    def contact(self) -> Locator:
        """What it says of its connection."""
        return self.page.locator("#contact")

    def width(self) -> int:
        """How wide the content is, pixels."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def streams(self) -> int:
        """How many event streams it has opened so far."""
        return sum("/api/v1/events" in address for address in self.requests)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _EXPECTED.search(message.text):
            self.complaints.append(message.text)

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)
