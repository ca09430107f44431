import logging
import time

import pytest
from flask.testing import FlaskClient

from api.resources.logs.document import LogListSchema
from api.times import parse_ms
from tests.api.gateway import Gateway, fits

LOGGER = "gateway.test"


def messages(client: FlaskClient, query: str = "") -> list[str]:
    reply = client.get(f"/api/v1/logs{query}")
    assert reply.status_code == 200
    assert fits(LogListSchema, reply.json)
    assert reply.json is not None
    return [line["message"] for line in reply.json["logs"]]


def test_the_newest_lines_come_first(bare: Gateway) -> None:
    log = logging.getLogger(LOGGER)
    with bare.logging() as logs:
        client = bare.client()
        began_ms = time.time_ns() // 1_000_000
        log.info("one", extra={"device": "a"})
        log.error("two", extra={"device": "a"}, exc_info=ValueError("inside"))
        log.debug("three", extra={"device": "a"})
        assert logs.flush()
        assert messages(client) == ["two", "one"]
        assert messages(client, "?level=DEBUG&limit=2") == ["three", "two"]
        assert messages(client, "?level=WARNING") == ["two"]
        shown = (client.get("/api/v1/logs").json or {})["logs"][0]
    assert began_ms <= parse_ms(shown.pop("time")) <= time.time_ns() // 1_000_000
    assert "ValueError: inside" in shown.pop("exception")
    assert shown == {
        "level": "ERROR",
        "thread": "main",
        "logger": LOGGER,
        "message": "two",
        "extra": {"device": "a"},
    }


@pytest.mark.parametrize("query", ["?level=loud", "?level=debug", "?limit=0", "?limit=501", "?x=1"])
def test_wrong_parameters(client: FlaskClient, query: str) -> None:
    reply = client.get(f"/api/v1/logs{query}")
    assert (reply.status_code, (reply.json or {})["code"]) == (400, "invalid_parameter")


def test_the_level_is_changed_while_it_runs(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.put("/api/v1/logging", json={"level": "DEBUG"})
    assert (reply.status_code, reply.json) == (200, {"level": "DEBUG"})
    assert logging.getLogger(LOGGER).getEffectiveLevel() == logging.DEBUG


@pytest.mark.parametrize("body", [{}, {"level": "loud"}, {"level": 10}, {"level": None}, []])
def test_a_level_that_is_none(client: FlaskClient, gateway: Gateway, body: object) -> None:
    before = logging.getLogger(LOGGER).getEffectiveLevel()
    reply = client.put("/api/v1/logging", json=body)
    assert (reply.status_code, (reply.json or {})["code"]) == (422, "invalid_body")
    assert logging.getLogger(LOGGER).getEffectiveLevel() == before
