from flask.testing import FlaskClient

from gateway.model.reading import Loss, LossReason
from tests.api.gateway import NOW_MS, Gateway, reading

HOUR_MS = 3_600_000


def store_hour(gateway: Gateway, back: int, device: str = "greenhouse") -> None:
    """Ten samples and two that were lost, `back` hours ago."""
    start_ms = NOW_MS - back * HOUR_MS
    samples = [
        reading(1, device, time_ms=start_ms + seq, uid=None, boot=None, seq=None)
        for seq in range(10)
    ]
    gateway.store(samples, [Loss(device, LossReason.OVERWRITTEN, 2, start_ms)])


def test_every_hour_says_what_is_missing_and_why(bare_client: FlaskClient, bare: Gateway) -> None:
    store_hour(bare, 0)
    store_hour(bare, 1, "vehicle")
    answer = bare_client.get("/api/v1/ledger")
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


def test_pages_and_bounds(bare_client: FlaskClient, bare: Gateway) -> None:
    client = bare_client
    for back in range(5):
        store_hour(bare, back)
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
