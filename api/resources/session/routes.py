"""POST, GET and DELETE /session: how a page in a browser logs in without keeping a key.

The cookie cannot be read by scripts, is never sent from other sites, and changes are taken with it only from
our own page.
"""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from api.access import control
from api.access.sessions import LIFETIME_S
from api.context import ports
from api.resource import Resource
from api.resources.session.document import (
    SESSION,
    SESSION_REQUEST,
    SessionRequestSchema,
    SessionSchema,
)
from api.times import format_ms

_LOG = logging.getLogger(__name__)

resource = Resource("session", "Logging in from a browser.")


@resource.post(
    "/session",
    body=SessionRequestSchema,
    body_example=SESSION_REQUEST,
    reply=SessionSchema,
    example=SESSION,
    headers={},
    scope=None,
    errors=["unauthenticated", "too_many_attempts"],
)
def open_session(body: Mapping[str, Any]) -> Response:
    """Exchange a key for a session cookie, for 12 hours."""
    access = control.current()
    key = access.key_of(body["key"])
    session_id = access.sessions.open(key.digest)
    _LOG.info("session opened", extra={"actor": key.name, "client": request.remote_addr})
    expires_ms = ports().status.now_ms() + round(LIFETIME_S * 1000)
    response = jsonify(
        {"name": key.name, "scope": key.scope.value, "expires_at": format_ms(expires_ms)}
    )
    response.set_cookie(
        control.COOKIE,
        session_id,
        max_age=round(LIFETIME_S),
        path="/",
        secure=control.is_behind_tls(),
        httponly=True,
        samesite="Strict",
    )
    return response


@resource.get("/session", reply=SessionSchema, example=SESSION)
def get_session() -> Response:
    """Say who you are and what you may do."""
    caller = control.caller()
    expires_at = None
    if caller.session is not None:
        left_s = control.current().sessions.left_s(caller.session)
        expires_at = format_ms(ports().status.now_ms() + round(left_s * 1000))
    return jsonify({"name": caller.name, "scope": caller.scope.value, "expires_at": expires_at})


@resource.delete("/session")
def close_session() -> Response:
    """End the session; nothing when there is none."""
    control.current().sessions.close(request.cookies.get(control.COOKIE, ""))
    response = Response(status=204)
    response.delete_cookie(
        control.COOKIE, path="/", secure=control.is_behind_tls(), httponly=True, samesite="Strict"
    )
    return response
