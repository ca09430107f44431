"""GET /healthz and /readyz, for supervisors and load balancers."""

from flask import Response, jsonify

from api.context import ports
from api.problems import Problem
from api.resource import Resource
from api.resources.health.document import AliveSchema, ReadySchema

resource = Resource("health", "For supervisors.", prefix="")


@resource.get("/healthz", reply=AliveSchema, example={"status": "alive"}, scope=None)
def alive() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "alive"})


@resource.get(
    "/readyz", reply=ReadySchema, example={"status": "ready"}, scope=None, errors=["not_ready"]
)
def ready() -> Response:
    """Say whether the gateway collects and stores, and if not, why."""
    readiness = ports().status.readiness()
    if readiness.ready:
        return jsonify({"status": "ready"})
    reasons = list(readiness.reasons)
    detail = "; ".join(reasons) or "the gateway is not ready"
    raise Problem("not_ready", detail, reasons=reasons, headers={"Retry-After": "5"})
