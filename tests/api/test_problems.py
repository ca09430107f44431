import pytest
from flask.testing import FlaskClient

from api.documents import ProblemSchema
from api.problems import KINDS, Problem
from tests.api.gateway import Gateway, fits, raising


def test_an_unknown_route(client: FlaskClient) -> None:
    reply = client.get("/api/v1/nothing")
    assert reply.status_code == 404
    assert reply.content_type == "application/problem+json"
    assert fits(ProblemSchema, reply.json)
    assert reply.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "nothing is at /api/v1/nothing; /openapi.json lists what there is",
        "instance": "/api/v1/nothing",
    }


@pytest.mark.parametrize(
    "path", ["/api/v1/devices/", "/api//v1/devices", "/dashboard/../app.py", "/dashboard/nope.js"]
)
def test_addresses_have_one_spelling(client: FlaskClient, path: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.content_type) == (404, "application/problem+json")


def test_a_method_that_is_not_taken(client: FlaskClient) -> None:
    reply = client.delete("/api/v1/devices")
    assert reply.status_code == 405
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert fits(ProblemSchema, reply.json)
    assert reply.json is not None
    assert reply.json["code"] == "method_not_allowed"


def test_a_failure_of_ours_is_told_without_its_inside(
    client: FlaskClient, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.failure = ZeroDivisionError("the secret reason")
    reply = client.get("/api/v1/status")
    assert reply.status_code == 500
    assert fits(ProblemSchema, reply.json)
    assert "secret" not in reply.text
    assert "GET /api/v1/status failed" in caplog.text
    assert "the secret reason" in caplog.text


def test_a_value_error_without_a_cursor_is_a_failure_of_ours(
    client: FlaskClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("broken row")

    monkeypatch.setattr(gateway.history, "page", broken)
    assert client.get("/api/v1/devices/greenhouse/readings").status_code == 500


@pytest.mark.parametrize("code", list(KINDS))
def test_every_code_of_the_table_can_be_answered(bare: Gateway, code: str) -> None:
    reply = raising(bare, Problem(code, "a sentence")).get("/raise")
    assert reply.status_code == KINDS[code].status
    assert fits(ProblemSchema, reply.json)
    assert reply.json is not None
    assert reply.json["code"] == code


def test_codes_outside_the_table_cannot_be_used() -> None:
    with pytest.raises(KeyError):
        Problem("gremlins", "a sentence")
