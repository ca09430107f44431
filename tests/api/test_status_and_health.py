from flask.testing import FlaskClient

from api.documents import ProblemSchema
from api.resources.status.document import StatusSchema
from tests.api.doubles import Gateway, fits


def test_status_is_what_the_gateway_says(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.get("/api/v1/status")
    assert reply.status_code == 200
    assert reply.json == gateway.status.status()
    assert fits(StatusSchema, reply.json)


def test_alive(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}


def test_ready(client: FlaskClient) -> None:
    reply = client.get("/readyz")
    assert (reply.status_code, reply.json) == (200, {"status": "ready"})


def test_not_ready_says_why(client: FlaskClient, gateway: Gateway) -> None:
    gateway.status.reasons = ["the journal's disk is full", "no device answers"]
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "5"
    assert reply.content_type == "application/problem+json"
    assert reply.json is not None
    assert fits(ProblemSchema, reply.json)
    assert reply.json["code"] == "not_ready"
    assert reply.json["reasons"] == ["the journal's disk is full", "no device answers"]


def test_alive_even_when_not_ready(client: FlaskClient, gateway: Gateway) -> None:
    gateway.status.reasons = ["no device answers"]
    assert client.get("/healthz").status_code == 200
