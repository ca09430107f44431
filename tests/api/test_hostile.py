"""Input that nobody sends by mistake: refused with the right 4xx wherever a body is taken, and cheap."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from api.problems import KINDS
from tests.api.gateway import Gateway, temporary
from tests.api.serving import read_reply, serving

TAKES_A_BODY = [
    ("POST", "/api/v1/devices/greenhouse/commands"),
    ("PATCH", "/api/v1/devices/greenhouse"),
    ("POST", "/api/v1/session"),
    ("PUT", "/api/v1/logging"),
    ("PUT", "/api/v1/dummy/devices/greenhouse"),
]
DEEP = 20_000

MALFORMED = [
    b"",
    b"{",
    b"\xff\xfe",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": 1e999}',
    b'{"name": ' + b"9" * 5000 + b"}",
    b'{"name": "a", "name": "b"}',
    b'{"metadata": {"a": "1", "a": "2"}}',
    b'{"name": "\\ud800"}',
    b'{"name": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"name": "a"} x',
    b'\xef\xbb\xbf{"name": "a"}',
]


@pytest.mark.parametrize(("method", "path"), TAKES_A_BODY)
@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: body[:20].decode("latin-1"))
def test_what_is_not_json_as_we_take_it(
    client: FlaskClient, gateway: Gateway, method: str, path: str, body: bytes
) -> None:
    reply = client.open(path, method=method, data=body, content_type="application/json")
    assert (reply.status_code, (reply.json or {})["code"]) == (400, "malformed_json")
    assert gateway.orders() == []
    assert gateway.reader.devices() == []


@pytest.mark.parametrize(("method", "path"), TAKES_A_BODY)
@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null", "true"])
def test_json_that_is_no_object(client: FlaskClient, method: str, path: str, body: str) -> None:
    reply = client.open(path, method=method, data=body, content_type="application/json")
    assert (reply.status_code, (reply.json or {})["code"]) == (422, "invalid_body")


@pytest.mark.parametrize(("method", "path"), TAKES_A_BODY)
def test_types_sizes_and_declarations(client: FlaskClient, method: str, path: str) -> None:
    for content_type in (None, "text/plain", "application/xml", "multipart/form-data; boundary=x"):
        reply = client.open(path, method=method, data=b"{}", content_type=content_type)
        assert reply.status_code == 415
    reply = client.open(path, method=method, json={"name": "x" * 70_000})
    assert reply.status_code == 413


@pytest.fixture(scope="module")
def client_of_all() -> Iterator[FlaskClient]:
    """One gateway for many examples."""
    with temporary() as gateway:
        yield gateway.client()


@given(
    target=st.sampled_from(TAKES_A_BODY),
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "arguments", "metadata", "key", "level", "faults", "signals"]
                )
                | st.text(max_size=5),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
)
def test_any_json_gets_an_answer_that_is_not_our_failure(
    client_of_all: FlaskClient, target: tuple[str, str], body: Any
) -> None:
    client = client_of_all
    method, path = target
    data = json.dumps(body, allow_nan=True).encode()
    reply = client.open(path, method=method, data=data, content_type="application/json")
    assert reply.status_code < 500
    if reply.status_code >= 400:
        assert (reply.json or {})["code"] in KINDS


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (b"".join(b"X-%d: y\r\n" % number for number in range(4000)), 431, "headers_too_large"),
        (b"X-Long: " + b"y" * 20_000 + b"\r\n", 431, "headers_too_large"),
        (b"Authorization: Bearer " + b"y" * 15_000 + b"\r\n", 401, "unauthenticated"),
        (b"Cookie: gateway_session=" + b"y" * 15_000 + b"\r\n", 401, "unauthenticated"),
        (b"Cookie: " + b"a=b; " * 3000 + b"\r\n", 401, "unauthenticated"),
    ],
)
def test_floods_of_headers(gateway: Gateway, head: bytes, status: int, code: str) -> None:
    gateway.damage_keys()
    with serving(gateway.app()) as running, running.connect() as connection:
        connection.sendall(b"GET /api/v1/devices HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n")
        found, content_type, body = read_reply(connection)
        assert (found, content_type) == (status, "application/problem+json")
        assert json.loads(body)["code"] == code
        assert running.get()[0] == 200
