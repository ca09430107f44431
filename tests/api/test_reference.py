"""GET /docs: the reference of the API for people."""

import re

from flask.testing import FlaskClient

from gateway.access.keys import Scope
from tests.api.gateway import Gateway


def test_the_page_is_served_with_a_policy_that_runs_no_foreign_and_no_inline_script(
    client: FlaskClient,
) -> None:
    page = client.get("/docs", buffered=True)
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy.pop("img-src") == "'self' data:"
    for name in ("default-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy.pop(name) == "'none'"
    assert policy == dict.fromkeys(["script-src", "style-src", "connect-src"], "'self'")
    # Only this page has it.
    assert "data:" not in client.get("/", buffered=True).headers["Content-Security-Policy"]


def test_nothing_of_it_comes_from_elsewhere(client: FlaskClient) -> None:
    text = client.get("/docs", buffered=True).text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert "/openapi.json" in addresses
    assert all(one.startswith("/") and not one.startswith("//") for one in addresses)
    for address in addresses:
        assert client.get(address, buffered=True).status_code == 200, address
    assert "://" not in text
    assert "GATEWAY_NO_VENDOR" in text


def test_with_a_key_made_a_session_opens_it(client: FlaskClient, gateway: Gateway) -> None:
    secret = gateway.add_key(Scope.READ)
    assert client.get("/docs", buffered=True).status_code == 401
    assert client.post("/api/v1/session", json={"key": secret}).status_code == 200
    assert client.get("/docs", buffered=True).status_code == 200
