import logging

import pytest
from flask.testing import FlaskClient

from api.resources.logs.document import LogListSchema
from gateway.log.entry import Entry
from tests.api.doubles import NOW_MS, Gateway, fits


def entry(level: int, message: str, exception: str | None = None) -> Entry:
    name = logging.getLevelName(level)
    return Entry(NOW_MS, level, name, "main", "gateway.app", message, {"device": "a"}, exception)


def messages(client: FlaskClient, query: str = "") -> list[str]:
    reply = client.get(f"/api/v1/logs{query}")
    assert reply.status_code == 200
    assert fits(LogListSchema, reply.json)
    assert reply.json is not None
    return [line["message"] for line in reply.json["logs"]]


def test_the_newest_lines_come_first(client: FlaskClient, gateway: Gateway) -> None:
    gateway.logs.entries = [
        entry(logging.INFO, "one"),
        entry(logging.ERROR, "two", "Traceback\nValueError"),
        entry(logging.DEBUG, "three"),
    ]
    assert messages(client) == ["two", "one"]
    assert messages(client, "?level=DEBUG&limit=2") == ["three", "two"]
    assert messages(client, "?level=WARNING") == ["two"]
    shown = (client.get("/api/v1/logs").json or {})["logs"][0]
    assert shown == {
        "time": "2026-11-20T07:00:00.000Z",
        "level": "ERROR",
        "thread": "main",
        "logger": "gateway.app",
        "message": "two",
        "extra": {"device": "a"},
        "exception": "Traceback\nValueError",
    }


@pytest.mark.parametrize("query", ["?level=loud", "?level=debug", "?limit=0", "?limit=501", "?x=1"])
def test_wrong_parameters(client: FlaskClient, query: str) -> None:
    reply = client.get(f"/api/v1/logs{query}")
    assert (reply.status_code, (reply.json or {})["code"]) == (400, "invalid_parameter")


def test_the_level_is_changed_while_it_runs(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.put("/api/v1/logging", json={"level": "DEBUG"})
    assert (reply.status_code, reply.json) == (200, {"level": "DEBUG"})
    assert gateway.logs.level == "DEBUG"


@pytest.mark.parametrize("body", [{}, {"level": "loud"}, {"level": 10}, {"level": None}, []])
def test_a_level_that_is_none(client: FlaskClient, gateway: Gateway, body: object) -> None:
    reply = client.put("/api/v1/logging", json=body)
    assert (reply.status_code, (reply.json or {})["code"]) == (422, "invalid_body")
    assert gateway.logs.level == "INFO"
