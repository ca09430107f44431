import pytest
from flask.testing import FlaskClient

from gateway.access.keys import Scope
from gateway.access.loopback import is_loopback
from tests.api.gateway import Gateway

PAGE = "http://localhost:3000"
FAN = {"name": "fan", "arguments": {"speed": 128}}
COMMANDS = "/api/v1/devices/greenhouse/commands"


@pytest.fixture
def page_client(bare: Gateway) -> FlaskClient:
    """A client of a gateway on this machine that a page of another origin may use."""
    return bare.client(cors_origins=(PAGE,))


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.3.2.1", "[::1]:8080", "localhost."],
)
def test_local_names_are_served(page_client: FlaskClient, host: str) -> None:
    assert page_client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.5:8080",
        "[::2]",
        "",
        "localhost@evil.example",
        "0.0.0.0",
        "[::1.evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/devices", "/nothing"])
def test_names_made_to_point_here_are_refused(
    page_client: FlaskClient, host: str, path: str
) -> None:
    reply = page_client.get(path, headers={"Host": host})
    assert reply.status_code == 403
    assert reply.json is not None
    assert reply.json["code"] == "forbidden"


def test_with_keys_made_a_proxy_may_have_a_name_of_its_own(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.add_key(Scope.READ)}", "Host": "pi.example"}
    client = gateway.client()
    assert client.get("/api/v1/devices", headers=headers).status_code == 200
    assert client.get("/api/v1/devices", headers={"Host": "pi.example"}).status_code == 401


def test_on_another_address_any_name_is_served(bare: Gateway) -> None:
    reply = bare.client(host="192.168.1.5").get("/healthz", headers={"Host": "pi.local:8080"})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.9", False),
        ("pi", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("origin", ["http://localhost:8080", "https://localhost:8080"])
def test_the_gateways_own_page_is_served(page_client: FlaskClient, origin: str) -> None:
    headers = {"Host": "localhost:8080", "Origin": origin}
    reply = page_client.post(COMMANDS, json=FAN, headers=headers)
    assert reply.status_code == 200
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:3001",
        "https://localhost:3000",
        "",
        "http://localhost:3000.evil.example",
        "HTTP://LOCALHOST:3000",
        "http://localhost",
    ],
)
def test_foreign_pages_are_refused_before_anything_happens(gateway: Gateway, origin: str) -> None:
    client = gateway.client(cors_origins=(PAGE,))
    headers = {"Host": "localhost:8080", "Origin": origin}
    reply = client.post(COMMANDS, json=FAN, headers=headers)
    assert reply.status_code == 403
    assert reply.json is not None
    assert reply.json["code"] == "forbidden"
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert gateway.orders() == []


def test_an_allowed_page_may_read_replies_and_errors(page_client: FlaskClient) -> None:
    for path, status in [("/api/v1/devices", 200), ("/api/v1/nothing", 404)]:
        reply = page_client.get(path, headers={"Origin": PAGE})
        assert reply.status_code == status
        assert reply.headers["Access-Control-Allow-Origin"] == PAGE
        assert reply.headers["Access-Control-Expose-Headers"] == "Location, Retry-After"
        assert "Origin" in reply.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in reply.headers


def preflight(client: FlaskClient, origin: str, path: str = COMMANDS) -> dict[str, str]:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }
    reply = client.options(path, headers=headers)
    return {"status": str(reply.status_code), **dict(reply.headers)}


def test_the_preflight_of_an_allowed_page(page_client: FlaskClient) -> None:
    reply = preflight(page_client, PAGE)
    assert reply["status"] == "204"
    assert reply["Access-Control-Allow-Origin"] == PAGE
    assert "POST" in reply["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in reply["Access-Control-Allow-Headers"]
    assert "Authorization" in reply["Access-Control-Allow-Headers"]
    assert "Origin" in reply["Vary"]


def test_the_preflight_of_a_foreign_page(page_client: FlaskClient) -> None:
    reply = preflight(page_client, "http://evil.example")
    assert reply["status"] == "403"
    assert "Access-Control-Allow-Methods" not in reply


def test_the_preflight_of_nothing(page_client: FlaskClient) -> None:
    assert preflight(page_client, PAGE, "/api/v1/nothing")["status"] == "404"


def test_options_without_a_page_is_plain_http(page_client: FlaskClient) -> None:
    reply = page_client.options("/api/v1/devices")
    assert reply.status_code == 200
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", ["/", "/dashboard/app/main.js", "/healthz", "/nothing"])
def test_headers_that_keep_browsers_careful(page_client: FlaskClient, path: str) -> None:
    headers = page_client.get(path, buffered=True).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/v1/devices", "/api/v1/nothing", "/readyz"])
def test_live_data_is_not_kept_by_caches(page_client: FlaskClient, path: str) -> None:
    assert page_client.get(path).headers["Cache-Control"] == "no-store"
