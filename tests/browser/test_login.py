"""A gateway with keys asks for one; the page keeps a cookie that its scripts cannot read, and no key."""

import json
import os
import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.dashboard import Dashboard
from tests.browser.test_page import AXE, violations
from tests.support.gateway import GatewayProcess
from tests.support.process import ROOT, python_module

TIMEOUT_S = 30.0


def keys(gateway: GatewayProcess, *words: str) -> str:
    """Run `gateway keys` for that gateway and return what it says."""
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(gateway.folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        python_module("gateway", "keys", *words),
        cwd=gateway.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return run.stdout


def make_key(gateway: GatewayProcess, name: str, scope: str) -> str:
    said = keys(gateway, "create", "--name", name, "--scope", scope)
    return next(word for word in said.split() if word.startswith("gwk_"))


def log_in(page: Dashboard, key: str) -> None:
    page.page.get_by_label("Access key").fill(key)
    page.page.get_by_role("button", name="Log in").click()


def stored(page: Dashboard) -> str:
    """Everything that a script of the page could find."""
    return str(
        page.page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
        )
    )


def test_a_key_opens_the_page_and_is_kept_nowhere(tmp_path: Path, open_page: Open) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        key = make_key(gateway, "bench", "command")
        page = open_page(gateway, "commands?device=greenhouse")
        expect(page.page.get_by_label("Access key")).to_be_focused()
        expect(page.page.get_by_role("navigation")).to_be_hidden()
        assert violations(page, AXE) == []

        log_in(page, "gwk_wrong")
        expect(
            page.page.get_by_role("alert").filter(has_text="There is no such key")
        ).to_be_visible()
        log_in(page, key)
        expect(page.page.get_by_role("heading", name="Commands", level=1)).to_be_visible()
        expect(page.page.get_by_role("button", name="Log out bench")).to_be_visible()
        assert key not in stored(page)
        assert not any(key in address for address in page.requests)
        (cookie,) = page.page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert key not in json.dumps(cookie)

        fan = page.page.get_by_role("form", name="fan")
        fan.get_by_label("speed").fill("9")
        fan.get_by_role("button", name="Send").click()
        expect(fan.get_by_role("status")).to_contain_text("Done")
        expect(page.page.get_by_role("row").filter(has_text="speed = 9")).to_contain_text("bench")

        page.page.get_by_role("button", name="Log out bench").click()
        expect(page.page.get_by_label("Access key")).to_be_visible()
        assert page.page.context.cookies() == []


def test_a_key_that_may_only_read_cannot_send(tmp_path: Path, open_page: Open) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        key = make_key(gateway, "guest", "read")
        page = open_page(gateway)
        log_in(page, key)
        expect(page.card("greenhouse")).to_have_attribute("data-state", "online")
        page.go("Commands")
        expect(page.page.get_by_text("Your key may read, but not send commands.")).to_be_visible()
        expect(page.page.get_by_role("button", name="Send").first).to_be_disabled()
        page.go("Gateway")
        expect(
            page.page.get_by_text("Only a key with the scope admin may read the log.")
        ).to_be_visible()


def test_when_the_session_ends_the_page_asks_again_and_goes_on(
    tmp_path: Path, open_page: Open
) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        first = make_key(gateway, "first", "admin")
        second = make_key(gateway, "second", "admin")
        page = open_page(gateway)
        log_in(page, first)
        expect(page.contact).to_have_text("Live")
        keys(gateway, "revoke", "first")
        expect(page.page.get_by_label("Access key")).to_be_visible()
        log_in(page, second)
        expect(page.card("vehicle")).to_have_attribute("data-state", "online")
        expect(page.card("vehicle")).not_to_have_attribute("data-stale", "true")
        expect(page.contact).to_have_text("Live")
