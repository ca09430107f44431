from flask.testing import FlaskClient

from gateway.journal.types import LedgerHour
from gateway.model.reading import LossReason
from tests.api.doubles import NOW_MS, Gateway

HOUR_MS = 3_600_000


def hour(back: int, device: str = "greenhouse") -> LedgerHour:
    lost = dict.fromkeys(LossReason, 0) | {LossReason.OVERWRITTEN: 2}
    return LedgerHour(device, NOW_MS - back * HOUR_MS, 12, 10, lost)


def test_every_hour_says_what_is_missing_and_why(client: FlaskClient, gateway: Gateway) -> None:
    gateway.ledger.hours = [hour(0), hour(1, "vehicle")]
    answer = client.get("/api/v1/ledger")
    assert answer.status_code == 200
    assert answer.json["next"] is None
    first, second = answer.json["ledger"]
    assert first == {
        "device": "greenhouse",
        "hour": "2026-11-20T07:00:00.000Z",
        "expected": 12,
        "stored": 10,
        "lost": {
            "overwritten": 2,
            "device_absent": 0,
            "bus_error": 0,
            "clock_unknown": 0,
            "shed_by_bound": 0,
        },
    }
    assert second["device"] == "vehicle"


def test_pages_and_bounds(client: FlaskClient, gateway: Gateway) -> None:
    gateway.ledger.hours = [hour(back) for back in range(5)]
    page = client.get("/api/v1/ledger?limit=2").json
    assert len(page["ledger"]) == 2
    rest = client.get(f"/api/v1/ledger?limit=9&cursor={page['next']}").json
    assert (len(rest["ledger"]), rest["next"]) == (3, None)
    since = client.get("/api/v1/ledger?since=2026-11-20T06:00:00.000Z&device=greenhouse").json
    assert len(since["ledger"]) == 2


def test_what_makes_no_sense_is_refused(client: FlaskClient) -> None:
    for query in ("limit=0", "cursor=x", "nothing=1", "since=yesterday"):
        answer = client.get(f"/api/v1/ledger?{query}")
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_parameter"), query
