"""Windows, CSV, SenML, and how a client chooses between them."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.resources.readings.document import WindowListSchema
from api.streams import streams_of
from gateway.history.history import HistoryUnavailable
from gateway.model.limits import Limits
from gateway.model.reading import Quality, StoredReading
from tests.api.gateway import GREENHOUSE, Gateway, fits, reading

HISTORY = "/api/v1/devices/greenhouse/readings"
CSV = {"Accept": "text/csv"}
SENML = {"Accept": "application/senml+json"}


@pytest.mark.parametrize(
    ("accept", "got"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("application/senml+json", "application/senml+json"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/*", "text/csv"),
        ("application/*", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("application/json;q=0, text/csv;q=0, */*;q=0.1", "application/senml+json"),
        ("image/png, */*;q=0.01", "application/json"),
        ("text/csv;q=0.9, application/senml+json", "application/senml+json"),
    ],
)
def test_the_client_chooses_the_form(client: FlaskClient, accept: str | None, got: str) -> None:
    reply = client.get(HISTORY, headers={"Accept": accept} if accept else {})
    assert reply.status_code == 200
    assert reply.mimetype == got
    assert "Accept" in reply.vary


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "application/xml, text/csv;q=0"])
def test_a_form_there_is_not(client: FlaskClient, accept: str) -> None:
    reply = client.get(HISTORY, headers={"Accept": accept})
    assert (reply.status_code, (reply.json or {})["code"]) == (406, "not_acceptable")


def table(reply: Any) -> list[list[str]]:
    assert reply.status_code == 200
    return list(csv.reader(io.StringIO(reply.text, newline="")))


def test_csv_has_a_row_for_each_reading(bare_client: FlaskClient, bare: Gateway) -> None:
    bare.store(
        [
            reading(1, values={"temperature": 21.5, "door": True, "note": 'a "b", c'}),
            reading(2, values={"temperature": None, "door": False}),
        ]
    )
    reply = bare_client.get(HISTORY, headers=CSV)
    assert reply.content_type == "text/csv; charset=utf-8; header=present"
    rows = table(reply)
    assert rows[0] == ["time", "key", "quality", "temperature", "humidity", "door", "note"]
    assert rows[1][3:] == ["21.5", "", "true", 'a "b", c']
    assert rows[2][3:] == ["", "", "false", ""]
    assert [row[1] for row in rows[1:]] == ["0011223344556677-5-1", "0011223344556677-5-2"]


def test_csv_has_everything_unless_a_limit_says_otherwise(
    client: FlaskClient, gateway: Gateway
) -> None:
    gateway.store([reading(seq) for seq in range(6, 501)])
    assert len(table(client.get(HISTORY, headers=CSV))) == 501
    assert len(table(client.get(f"{HISTORY}?limit=7", headers=CSV))) == 8
    chosen = table(client.get(f"{HISTORY}?channels=temperature&limit=1", headers=CSV))
    assert chosen[0] == ["time", "key", "quality", "temperature"]


def test_senml_resolves_to_the_readings(bare_client: FlaskClient, bare: Gateway) -> None:
    bare.store(
        [
            reading(1, values={"temperature": 21.5, "humidity": 40, "door": True, "note": "x"}),
            reading(2, values={"temperature": None}),
            reading(3, values={"temperature": 20.0}),
        ]
    )
    reply = bare_client.get(HISTORY, headers=SENML)
    records = json.loads(reply.text)
    assert records == [
        {"bn": "greenhouse/", "bt": 1795157999.0, "n": "temperature", "u": "Cel", "v": 21.5},
        {"n": "humidity", "u": "%RH", "v": 40},
        {"n": "door", "vb": True},
        {"n": "note", "vs": "x"},
        {"bt": 1795157997.0, "n": "temperature", "u": "Cel", "v": 20.0},
    ]


def test_senml_of_nothing_is_an_empty_pack(client: FlaskClient) -> None:
    reply = client.get("/api/v1/devices/vehicle/readings", headers=SENML)
    assert (reply.status_code, reply.json) == (200, [])


def test_a_value_outside_its_limits_enters_no_window(
    bare_client: FlaskClient, bare: Gateway
) -> None:
    """It is in the readings, marked."""
    bare.devices.publish(replace(GREENHOUSE, limits={"temperature": Limits(-55, 60)}))
    bare.store(
        [
            reading(seq, values={"temperature": value, "door": True}, quality=Quality.OUT_OF_RANGE)
            for seq, value in enumerate((21.5, 21.5, -127.0, 85.0), start=1)
        ]
    )
    aggregates = "mean,min,max,count,first,last"
    query = {"every": "1min", "agg": aggregates, "channels": "temperature,door"}
    reply = bare_client.get(HISTORY, query_string=query)
    assert reply.json is not None
    (window,) = reply.json["windows"]
    wanted = {"mean": 21.5, "min": 21.5, "max": 21.5, "count": 2, "first": 21.5, "last": 21.5}
    assert window["values"]["temperature"] == wanted
    assert window["values"]["door"]["count"] == 4
    query["agg"] = "mean,count"
    rows = table(bare_client.get(HISTORY, query_string=query, headers=CSV))
    assert rows[1][1:3] == ["21.5", "2"]
    everything = bare_client.get(HISTORY)
    assert everything.json is not None
    found = [one["values"]["temperature"] for one in everything.json["readings"]]
    assert sorted(found) == [-127.0, 21.5, 21.5, 85.0]


def test_windows_sum_up(bare_client: FlaskClient, bare: Gateway) -> None:
    bare.store(
        [
            reading(seq, values={"temperature": value, "door": seq == 2})
            for seq, value in ((1, 3.0), (2, None), (3, 1.0))
        ]
    )
    query = {
        "every": "1min",
        "agg": "mean,min,max,count,first,last",
        "channels": "temperature,door",
    }
    reply = bare_client.get(HISTORY, query_string=query)
    assert reply.json is not None
    assert fits(WindowListSchema, reply.json)
    assert reply.json["every_s"] == 60.0
    (window,) = reply.json["windows"]
    assert window == {
        "time": "2026-11-20T06:59:00.000Z",
        "values": {
            "temperature": {"mean": 2, "min": 1, "max": 3, "count": 2, "first": 1, "last": 3},
            "door": {
                "mean": 1 / 3,
                "min": False,
                "max": True,
                "count": 3,
                "first": False,
                "last": False,
            },
        },
    }


def test_windows_as_csv_and_senml(client: FlaskClient) -> None:
    query = {"every": "60s", "agg": "mean,count", "channels": "temperature"}
    rows = table(client.get(HISTORY, query_string=query, headers=CSV))
    assert rows == [
        ["time", "temperature_mean", "temperature_count"],
        ["2026-11-20T06:59:00.000Z", "21.5", "5"],
    ]
    records = json.loads(client.get(HISTORY, query_string=query, headers=SENML).text)
    assert [record["n"] for record in records] == ["temperature/mean", "temperature/count"]
    assert records[0]["u"] == "Cel"
    assert "u" not in records[1]


class UnreachableArchive:
    """MongoDB while it does not answer."""

    def readings(self, *_arguments: object, **_options: object) -> list[StoredReading]:
        raise HistoryUnavailable("it does not answer")


def test_a_history_that_is_not_complete_says_so(tmp_path: Path) -> None:
    with Gateway(tmp_path, archive=UnreachableArchive()) as gateway:
        gateway.store([reading(seq) for seq in range(1, 6)])
        check_incomplete(gateway.client())


def check_incomplete(client: FlaskClient) -> None:
    assert (client.get(HISTORY).json or {})["complete"] is False
    assert (client.get(f"{HISTORY}?every=1h").json or {})["complete"] is False
    for accept in (CSV, SENML):
        reply = client.get(HISTORY, headers=accept)
        assert (reply.status_code, (reply.json or {})["code"]) == (503, "history_unavailable")
        assert reply.headers["Retry-After"]


def test_an_export_gives_its_slot_back(gateway: Gateway) -> None:
    app = gateway.app()
    client = app.test_client()
    for _ in range(3):
        with client.get(HISTORY, headers=CSV, buffered=False) as reply:
            assert streams_of(app).open == 1
            assert reply.text
        assert streams_of(app).open == 0
    assert client.head(HISTORY, headers=CSV).status_code == 200
    assert streams_of(app).open == 0
