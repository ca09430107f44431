from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.documents import ProblemSchema
from api.resources.readings.document import LatestListSchema, ReadingListSchema
from gateway.model.reading import Quality
from tests.api.gateway import GREENHOUSE, NOW_MONO, NOW_MS, Gateway, fits, reading

HISTORY = "/api/v1/devices/greenhouse/readings"
LATEST = "/api/v1/readings/latest"


def seqs(document: Any) -> Sequence[int]:
    return [reading["seq"] for reading in document["readings"]]


def test_a_reading_has_the_form_of_the_contract(client: FlaskClient) -> None:
    reply = client.get(HISTORY, query_string={"limit": 1})
    assert reply.status_code == 200
    assert reply.json is not None
    next_page = reply.json["next"]
    assert reply.json == {
        "readings": [
            {
                "key": "0011223344556677-5-1",
                "device": "greenhouse",
                "time": "2026-11-20T06:59:59.000Z",
                "seq": 1,
                "boot": 5,
                "values": {"temperature": 21.5, "humidity": None},
                "quality": "partial",
                "simulated": False,
            }
        ],
        "next": next_page,
        "complete": True,
    }
    assert isinstance(next_page, str)
    assert fits(ReadingListSchema, reply.json)


@pytest.mark.parametrize("quality", list(Quality))
def test_every_quality_and_kind_of_value_can_be_told(
    bare_client: FlaskClient, bare: Gateway, quality: Quality
) -> None:
    values = {"a": 1, "b": 1.5, "c": True, "d": "text", "e": None}
    bare.store([reading(1, quality=quality, values=values, uid=None, boot=None, seq=None)])
    reply = bare_client.get(HISTORY)
    assert reply.json is not None
    assert fits(ReadingListSchema, reply.json)
    (shown,) = reply.json["readings"]
    assert (shown["values"], shown["quality"]) == (values, quality.value)
    assert shown["key"] == f"{bare.journal.state().journal_id}-1"


def test_pages_lead_through_everything_once(client: FlaskClient) -> None:
    seen: list[int] = []
    query = {"limit": "2", "order": "asc"}
    for _ in range(3):
        page = client.get(HISTORY, query_string=query).json
        assert page is not None
        seen += seqs(page)
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [5, 4, 3, 2, 1]


def test_since_is_inclusive_and_until_is_not(client: FlaskClient) -> None:
    query = {"since": "2026-11-20T06:59:56Z", "until": "2026-11-20T07:59:58+01:00"}
    page = client.get(HISTORY, query_string=query).json
    assert seqs(page) == [3, 4]  # those of 06:59:57 and 06:59:56


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1_0", "limit"),
        ("limit=", "limit"),
        ("limit=%20" + "1", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("order=up", "order"),
        ("since=yesterday", "since"),
        ("until=2026-11-20", "until"),
        ("since=2026-11-20T07:00:01Z&until=2026-11-20T07:00:00Z", "until"),
        ("cursor=", "cursor"),
        ("cursor=junk", "cursor"),
        ("cursor=" + "1" * 513, "cursor"),
        ("every=60", "every"),
        ("every=0s", "every"),
        ("every=367d", "every"),
        ("agg=mean", "agg"),
        ("every=60s&agg=median", "agg"),
        ("channels=", "channels"),
        ("channels=a,,b", "channels"),
        ("Limit=1", "Limit"),
    ],
)
def test_a_bad_parameter_is_named(client: FlaskClient, query: str, named: str) -> None:
    reply = client.get(f"{HISTORY}?{query}")
    assert reply.status_code == 400
    assert reply.json is not None
    assert fits(ProblemSchema, reply.json)
    assert reply.json["code"] == "invalid_parameter"
    assert list(reply.json["problems"]) == [named]
    assert named in reply.json["detail"]


def test_a_plus_sign_that_became_a_space_is_explained(client: FlaskClient) -> None:
    reply = client.get(f"{HISTORY}?since=2026-11-20T08:00:00+01:00")
    assert reply.json is not None
    assert "%2B" in reply.json["problems"]["since"]


def test_the_history_of_an_unknown_device(client: FlaskClient) -> None:
    reply = client.get("/api/v1/devices/cellar/readings")
    assert reply.status_code == 404
    assert reply.json is not None
    assert reply.json["code"] == "unknown_device"


def test_the_history_of_a_device_that_is_gone(client: FlaskClient, gateway: Gateway) -> None:
    gateway.devices.remove("greenhouse")
    assert seqs(client.get(HISTORY).json) == [1, 2, 3, 4, 5]
    empty = client.get(HISTORY, query_string={"until": "2000-01-01T00:00:00Z"})
    assert (empty.status_code, empty.json) == (
        200,
        {"readings": [], "next": None, "complete": True},
    )


def test_a_known_device_without_readings(client: FlaskClient) -> None:
    reply = client.get("/api/v1/devices/vehicle/readings")
    assert (reply.status_code, reply.json) == (
        200,
        {"readings": [], "next": None, "complete": True},
    )


def test_the_newest_reading_of_every_device(client: FlaskClient, gateway: Gateway) -> None:
    gateway.store([reading(9, "scale", uid="8877665544332211")])
    reply = client.get(LATEST)
    assert reply.json is not None
    assert fits(LatestListSchema, reply.json)
    first, second = reply.json["readings"]
    assert (first["device"], first["seq"], first["age_s"], first["stale"]) == (
        "greenhouse",
        1,
        1.0,
        False,
    )
    assert (second["device"], second["age_s"]) == ("scale", 9.0)
    assert second["stale"] is True, "a device nobody knows any more"
    assert reply.json["next"] is None


@pytest.mark.parametrize(
    ("age_ms", "stale"), [(3400, False), (3600, True), (-3400, False), (-3600, True)]
)
def test_a_reading_is_stale_by_its_age(
    bare_client: FlaskClient, bare: Gateway, age_ms: int, stale: bool
) -> None:
    bare.store([reading(1, time_ms=NOW_MS - age_ms)])
    document = bare_client.get(LATEST).json
    assert document is not None
    assert document["readings"][0]["age_s"] == age_ms / 1000
    assert document["readings"][0]["stale"] is stale


def test_a_reading_of_a_silent_device_is_stale_whatever_the_wall_clock_says(
    bare_client: FlaskClient, bare: Gateway
) -> None:
    bare.devices.publish(replace(GREENHOUSE, last_seen_mono=NOW_MONO - 60))
    bare.store([reading(1, time_ms=NOW_MS)])
    document = bare_client.get(LATEST).json
    assert document is not None
    assert document["readings"][0]["stale"] is True
