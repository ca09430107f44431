"""Keys, scopes, sessions: who gets in, and who does not."""

import logging

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access import attempts, sessions
from api.access.attempts import FailedAttempts
from api.access.sessions import SessionStore
from api.documents import ProblemSchema
from api.resources.session.document import SessionSchema
from gateway.access.keys import Scope
from tests.api.gateway import Gateway, fits

FAN = {"name": "fan", "arguments": {"speed": 128}}
COMMANDS = "/api/v1/devices/greenhouse/commands"
DEVICES = "/api/v1/devices"
SESSION = "/api/v1/session"
OWN_PAGE = {"Origin": "http://localhost"}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def code(reply: TestResponse) -> tuple[int, str]:
    assert reply.json is not None
    assert fits(ProblemSchema, reply.json)
    return reply.status_code, reply.json["code"]


def test_on_this_machine_without_keys_everything_is_open(client: FlaskClient) -> None:
    assert client.get(DEVICES).status_code == 200
    assert client.get("/api/v1/logs").status_code == 200
    reply = client.get(SESSION)
    assert reply.json == {"name": None, "scope": "admin", "expires_at": None}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", DEVICES),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/nothing"),
        ("DELETE", "/api/v1/devices"),
        ("OPTIONS", DEVICES),
        ("POST", COMMANDS),
        ("DELETE", SESSION),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Cookie": "gateway_session=x"}, {"X-Api-Key": "x"}])
def test_with_a_key_made_it_is_needed_everywhere(
    client: FlaskClient, gateway: Gateway, method: str, path: str, headers: dict[str, str]
) -> None:
    gateway.add_key(Scope.READ)
    reply = client.open(path, method=method, headers=headers)
    assert code(reply) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="gateway"'
    assert gateway.orders() == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_none(client: FlaskClient, gateway: Gateway, path: str) -> None:
    gateway.add_key(Scope.READ)
    assert client.get(path).status_code == 200
    assert client.get(path, headers=bearer("wrong")).status_code == 200


def test_where_others_can_reach_it_a_key_is_needed_even_when_none_is_left(gateway: Gateway) -> None:
    client = gateway.client(host="0.0.0.0")
    assert client.get("/healthz").status_code == 200
    assert code(client.get(DEVICES)) == (401, "unauthenticated")


def test_where_others_can_reach_it_a_browser_is_asked_for_a_key(gateway: Gateway) -> None:
    client = gateway.client(host="0.0.0.0")
    page = client.get("/", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 401
    assert 'id="login"' in page.text
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert client.get("/").get_json()["code"] == "unauthenticated"
    assert client.get("/dashboard/index.html").status_code == 401
    secret = gateway.add_key(Scope.READ)
    assert log_in(client, secret).status_code == 200
    for path in ("/", "/dashboard/index.html"):
        with client.get(path) as reply:
            assert reply.status_code == 200


def test_a_file_that_cannot_be_read_lets_nobody_in(client: FlaskClient, gateway: Gateway) -> None:
    gateway.damage_keys()
    assert code(client.get(DEVICES)) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.READ, {"read"}),
        (Scope.COMMAND, {"read", "command"}),
        (Scope.ADMIN, {"read", "command", "admin"}),
    ],
)
def test_what_each_scope_is_good_for(
    client: FlaskClient, gateway: Gateway, scope: Scope, allowed: set[str]
) -> None:
    headers = bearer(gateway.add_key(scope))
    tried = {
        "read": client.get(DEVICES, headers=headers),
        "command": client.post(COMMANDS, json=FAN, headers=headers),
        "admin": client.put("/api/v1/logging", json={"level": "DEBUG"}, headers=headers),
    }
    for needed, reply in tried.items():
        if needed in allowed:
            assert reply.status_code == 200
        else:
            assert code(reply) == (403, "forbidden")
            challenge = reply.headers["WWW-Authenticate"]
            assert 'error="insufficient_scope"' in challenge
            assert f'scope="{needed}"' in challenge
    assert (gateway.orders() != []) is ("command" in allowed)
    assert (logging.getLogger("api").level == logging.DEBUG) is ("admin" in allowed)


def test_too_small_a_scope_is_refused_before_the_body_is_looked_at(
    client: FlaskClient, gateway: Gateway
) -> None:
    headers = bearer(gateway.add_key(Scope.READ))
    assert code(client.post(COMMANDS, data=b"{", headers=headers)) == (403, "forbidden")


def test_the_name_of_the_key_is_the_actor(client: FlaskClient, gateway: Gateway) -> None:
    headers = bearer(gateway.add_key(Scope.COMMAND, "frontend"))
    client.post(COMMANDS, json=FAN, headers=headers)
    ((record, address),) = gateway.audited
    assert (record.actor, address) == ("frontend", "127.0.0.1")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dTpw",
        "Bearer wrong",
        "Bearer \u00fc",
        "Token x",
        "Bearer " + "x" * 9000,
    ],
)
def test_a_header_that_is_no_key(client: FlaskClient, gateway: Gateway, header: str) -> None:
    gateway.add_key(Scope.READ)
    reply = client.get(DEVICES, headers={"Authorization": header})
    assert code(reply) == (401, "unauthenticated")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


def test_the_word_bearer_in_any_case(client: FlaskClient, gateway: Gateway) -> None:
    secret = gateway.add_key(Scope.READ)
    headers = {"Authorization": f"bEARER  {secret} "}
    assert client.get(DEVICES, headers=headers).status_code == 200


def test_a_revoked_key_is_worthless_at_once(client: FlaskClient, gateway: Gateway) -> None:
    headers = bearer(gateway.add_key(Scope.READ))
    gateway.add_key(Scope.ADMIN)
    assert client.get(DEVICES, headers=headers).status_code == 200
    gateway.keys.revoke("read")
    assert code(client.get(DEVICES, headers=headers)) == (401, "unauthenticated")


def test_many_wrong_keys_are_slowed_down_and_a_right_one_never(
    client: FlaskClient, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    right = bearer(gateway.add_key(Scope.READ))
    for _ in range(attempts.BURST):
        assert code(client.get(DEVICES, headers=bearer("wrong"))) == (401, "unauthenticated")
    reply = client.get(DEVICES, headers=bearer("wrong"))
    assert code(reply) == (429, "too_many_attempts")
    assert 1 <= int(reply.headers["Retry-After"]) <= attempts.REFILL_S
    assert code(client.post(SESSION, json={"key": "wrong"})) == (429, "too_many_attempts")
    assert client.get(DEVICES, headers=right).status_code == 200
    assert len([one for one in caplog.records if "wrong key" in one.message]) == attempts.BURST
    assert "gwk_" not in caplog.text


def test_attempts_come_back_with_time() -> None:
    now = 100.0
    failures = FailedAttempts(lambda: now)
    for _ in range(attempts.BURST):
        assert failures.failed("10.0.0.1") is None
    assert failures.failed("10.0.0.1") == pytest.approx(attempts.REFILL_S)
    assert failures.failed("10.0.0.2") is None
    now += attempts.REFILL_S
    assert failures.failed("10.0.0.1") is None
    assert failures.failed("10.0.0.1") is not None


def test_one_network_of_ipv6_is_one_client() -> None:
    failures = FailedAttempts(lambda: 0.0)
    waits = [failures.failed(f"2001:db8::{number:x}") for number in range(attempts.BURST + 1)]
    assert waits[-1] is not None
    assert failures.failed("2001:db8:0:1::1") is None


def test_clients_are_forgotten_and_not_piled_up() -> None:
    failures = FailedAttempts(lambda: 0.0)
    for number in range(attempts.CLIENTS_MAX + 50):
        failures.failed(f"10.1.{number // 256}.{number % 256}")
    assert len(failures._buckets) == attempts.CLIENTS_MAX


def log_in(client: FlaskClient, secret: str, **headers: str) -> TestResponse:
    return client.post(SESSION, json={"key": secret}, headers=headers)


def test_a_session_stands_for_its_key(client: FlaskClient, gateway: Gateway) -> None:
    reply = log_in(client, gateway.add_key(Scope.COMMAND, "dashboard"))
    assert reply.status_code == 200
    assert fits(SessionSchema, reply.json)
    assert reply.json is not None
    assert (reply.json["name"], reply.json["scope"]) == ("dashboard", "command")
    assert reply.json["expires_at"] == "2026-11-20T19:00:00.000Z"
    assert client.get(DEVICES).status_code == 200
    whoami = client.get(SESSION).json
    assert whoami is not None
    assert (whoami["name"], whoami["scope"]) == ("dashboard", "command")
    assert whoami["expires_at"].startswith("2026-11-20T1")
    assert client.post(COMMANDS, json=FAN, headers=OWN_PAGE).status_code == 200
    assert gateway.orders()[0].actor == "dashboard"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: FlaskClient, gateway: Gateway
) -> None:
    secret = gateway.add_key(Scope.READ)
    cookie = log_in(client, secret).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert secret not in cookie
    assert (
        "Secure" in log_in(client, secret, **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    )
    assert "Secure" in log_in(client, secret, Origin="https://localhost").headers["Set-Cookie"]


@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "http://localhost:8081"])
def test_with_a_session_changes_come_from_our_own_page_only(
    gateway: Gateway, origin: str | None
) -> None:
    client = gateway.client(cors_origins=("http://localhost:3000",))
    log_in(client, gateway.add_key(Scope.ADMIN))
    headers = {} if origin is None else {"Origin": origin}
    assert code(client.post(COMMANDS, json=FAN, headers=headers)) == (403, "forbidden")
    assert code(client.delete(SESSION, headers=headers)) == (403, "forbidden")
    assert gateway.orders() == []


def test_with_a_key_changes_need_no_origin(client: FlaskClient, gateway: Gateway) -> None:
    secret = gateway.add_key(Scope.ADMIN)
    log_in(client, secret)
    assert client.post(COMMANDS, json=FAN, headers=bearer(secret)).status_code == 200


def test_a_key_in_the_header_goes_before_the_session(client: FlaskClient, gateway: Gateway) -> None:
    log_in(client, gateway.add_key(Scope.ADMIN))
    reply = client.get(DEVICES, headers=bearer("wrong"))
    assert code(reply) == (401, "unauthenticated")


def test_a_session_ends(client: FlaskClient, gateway: Gateway) -> None:
    log_in(client, gateway.add_key(Scope.READ))
    cookie = client.get_cookie("gateway_session")
    assert cookie is not None
    reply = client.delete(SESSION, headers=OWN_PAGE)
    assert (reply.status_code, reply.data) == (204, b"")
    assert client.get_cookie("gateway_session") is None
    client.set_cookie("gateway_session", cookie.value)
    assert code(client.get(DEVICES)) == (401, "unauthenticated")


def test_a_session_ends_with_its_key(client: FlaskClient, gateway: Gateway) -> None:
    gateway.add_key(Scope.ADMIN, "other")
    log_in(client, gateway.add_key(Scope.READ))
    assert client.get(DEVICES).status_code == 200
    gateway.keys.revoke("read")
    assert code(client.get(DEVICES)) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "body", [{}, {"key": ""}, {"key": 5}, {"key": None}, {"key": "x" * 257}, {"key": "a", "b": 1}]
)
def test_a_login_of_another_form(client: FlaskClient, gateway: Gateway, body: object) -> None:
    gateway.add_key(Scope.READ)
    assert code(client.post(SESSION, json=body)) == (422, "invalid_body")


def test_a_login_with_a_wrong_key(client: FlaskClient, gateway: Gateway) -> None:
    gateway.add_key(Scope.READ)
    reply = log_in(client, "wrong")
    assert code(reply) == (401, "unauthenticated")
    assert "Set-Cookie" not in reply.headers


def test_sessions_expire_and_their_number_is_bounded() -> None:
    now = 0.0
    store = SessionStore(lambda: now)
    first = store.open("digest")
    found = store.find(first)
    assert found is not None
    assert store.left_s(found) == sessions.LIFETIME_S
    for _ in range(sessions.SESSIONS_MAX):
        latest = store.open("digest")
    assert store.find(first) is None
    assert store.find(latest) is not None
    assert store.find("x" * 10_000) is None
    now = sessions.LIFETIME_S
    assert store.find(latest) is None


@pytest.mark.parametrize("path", ["/", "/dashboard/app/main.js"])
def test_the_page_that_asks_for_a_key_needs_none(
    client: FlaskClient, gateway: Gateway, path: str
) -> None:
    gateway.add_key(Scope.READ)
    assert client.get(path, buffered=True).status_code == 200


def test_who_changed_what_is_in_the_log(
    client: FlaskClient, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    secret = gateway.add_key(Scope.ADMIN, "me")
    log_in(client, secret)
    client.put("/api/v1/logging", json={"level": "DEBUG"}, headers=bearer(secret))
    client.get(DEVICES, headers=bearer(secret))
    client.post(COMMANDS, json=FAN, headers=bearer(secret))
    noted = [
        (one.getMessage(), one.__dict__["actor"])
        for one in caplog.records
        if one.name.startswith("api.")
    ]
    assert noted == [("session opened", "me"), ("PUT /api/v1/logging: 200", "me")]
    assert secret not in caplog.text
