from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from gateway.observe.metrics import Metric, counter, gauge, histogram
from tests.api.gateway import Gateway

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def samples(client: FlaskClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    reply = client.get("/metrics")
    assert reply.status_code == 200
    assert reply.content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in plain_text(reply.text)
        for sample in family.samples
    }


def things() -> Iterator[Metric]:
    """What a part might count."""
    yield counter("gateway_things", "Things.", ("device",), [(("a b",), 3)])
    yield gauge("gateway_level", "Level.", (), [((), 0.5)])
    waits = [(("i2c1",), (1, 2, 3), 0.25)]
    yield histogram("gateway_wait_seconds", "Waits.", ("bus",), waits, (0.01, 0.1))


@pytest.fixture
def client(bare: Gateway) -> FlaskClient:
    bare.more = (things,)
    return bare.client()


def test_what_the_gateway_counts_is_shown(client: FlaskClient) -> None:
    found = samples(client)
    assert found["gateway_device_polls_total", (("device", "greenhouse"),)] == 10
    assert found["gateway_things_total", (("device", "a b"),)] == 3
    assert found["gateway_level", ()] == 0.5
    bus = ("bus", "i2c1")
    buckets = {
        le: found["gateway_wait_seconds_bucket", (bus, ("le", le))]
        for le in ("0.01", "0.1", "+Inf")
    }
    assert buckets == {"0.01": 1, "0.1": 3, "+Inf": 6}
    assert found["gateway_wait_seconds_count", (bus,)] == 6
    assert found["gateway_wait_seconds_sum", (bus,)] == 0.25
    assert found["process_resident_memory_bytes", ()] > 0


def test_requests_are_counted_by_route_and_not_by_address(client: FlaskClient) -> None:
    for path in ("/api/v1/devices/greenhouse", "/api/v1/devices/nobody", "/a", "/b"):
        client.get(path)
    client.open("/a", method="BREW")
    found = samples(client)

    def requests(method: str, route: str, status: str) -> float:
        labels = (("method", method), ("route", route), ("status", status))
        return found["gateway_api_requests_total", labels]

    assert requests("GET", "/api/v1/devices/<id>", "200") == 1
    assert requests("GET", "/api/v1/devices/<id>", "404") == 1
    assert requests("GET", "none", "404") == 2
    assert requests("other", "none", "404") == 1
    assert found["gateway_api_request_seconds_count", (("route", "none"),)] == 3


def test_the_caller_chooses_the_form(client: FlaskClient) -> None:
    reply = client.get("/metrics", headers={"Accept": OPEN_METRICS})
    assert reply.content_type.startswith("application/openmetrics-text")
    assert "gateway_things" in {family.name for family in open_metrics(reply.text)}


def test_two_apps_count_for_themselves(client: FlaskClient, bare: Gateway) -> None:
    other = bare.client()
    other.get("/api/v1/status")
    labels = (("method", "GET"), ("route", "/api/v1/status"), ("status", "200"))
    assert ("gateway_api_requests_total", labels) in samples(other)
    assert ("gateway_api_requests_total", labels) not in samples(client)
