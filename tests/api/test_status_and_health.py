from flask.testing import FlaskClient

from api.documents import ProblemSchema
from api.resources.status.document import StatusSchema
from gateway.runtime.supervisor import WorkerState, WorkerView
from tests.api.gateway import Gateway, fits


def test_status_is_what_the_gateway_says(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.get("/api/v1/status")
    assert reply.status_code == 200
    assert reply.json == gateway.status().status()
    assert fits(StatusSchema, reply.json)
    assert reply.json is not None
    assert (reply.json["gateway"], reply.json["journal"]["committed_rows"]) == ("pi", 5)
    assert reply.json["views"] == []


def test_alive(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}


def test_ready(client: FlaskClient) -> None:
    reply = client.get("/readyz")
    assert (reply.status_code, reply.json) == (200, {"status": "ready"})


def fail(gateway: Gateway) -> None:
    """Have both workers that readiness depends on be down."""
    for name, detail in (("journal", "the disk is full"), ("collection", "no bus answers")):
        gateway.workers[name] = WorkerView(name, WorkerState.BACKOFF, 3, None, detail)


def test_not_ready_says_why(client: FlaskClient, gateway: Gateway) -> None:
    fail(gateway)
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "5"
    assert reply.content_type == "application/problem+json"
    assert reply.json is not None
    assert fits(ProblemSchema, reply.json)
    assert reply.json["code"] == "not_ready"
    assert reply.json["reasons"] == [
        "journal is backoff: the disk is full",
        "collection is backoff: no bus answers",
    ]


def test_alive_even_when_not_ready(client: FlaskClient, gateway: Gateway) -> None:
    fail(gateway)
    assert client.get("/healthz").status_code == 200
