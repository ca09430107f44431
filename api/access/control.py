"""Access control: keys, browser sessions, scopes.

On loopback, as long as no key was made, every request is allowed. With the first key, and on any address that
other machines can reach, every request but those for health needs a key.
"""

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request

from api.access.attempts import FailedAttempts
from api.access.sessions import BrowserSession, SessionStore
from api.page.login import login
from api.problems import Problem
from gateway.access.keys import Key, KeyStore, Scope

COOKIE = "gateway_session"

_EXTENSION = "gateway-access"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_COMMANDS = "commands.send_command"
_REALM = 'Bearer realm="gateway"'

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. `name` is that of the key, None when none was needed; `session` with a cookie."""

    name: str | None
    scope: Scope
    address: str | None
    session: BrowserSession | None = None


class Access:
    """Checks the callers of one app."""

    def __init__(
        self, keys: KeyStore, *, open_without_keys: bool, scopes: Mapping[str, Scope | None]
    ) -> None:
        """`scopes` by endpoint: None is open to all, an endpoint that is not listed takes any key."""
        self.sessions = SessionStore(time.monotonic)
        self._keys = keys
        self._open_without_keys = open_without_keys
        self._scopes = scopes
        self._failures = FailedAttempts(time.monotonic)

    def check(self) -> Response | None:
        """Let the request pass, with its caller noted, or end it with 401, 403 or 429.

        A browser that asks for the page without a key gets the login page, with the status 401.
        """
        needed = self._scopes.get(request.endpoint or "", Scope.READ)
        if needed is None:
            return None
        try:
            caller = self._caller()
        except Problem:
            if _is_person_without_key():
                return login()
            raise
        if not caller.scope.includes(needed):
            raise Problem(
                "forbidden",
                f"this needs the scope {needed}; the key {caller.name!r} has {caller.scope}",
                headers={
                    "WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{needed}"'
                },
            )
        g.caller = caller
        return None

    def key_of(self, secret: str) -> Key:
        """The key with this secret. Ends the request with 401 or 429 when there is none."""
        key = self._keys.ring().find(secret)
        if key is None:
            raise self._wrong("there is no such key")
        return key

    def _caller(self) -> Caller:
        ring = self._keys.ring()
        if self._open_without_keys and not ring.required:
            return Caller(None, Scope.ADMIN, request.remote_addr)
        header = request.headers.get("Authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            if scheme.lower() != "bearer":
                raise self._wrong("send the key as: Authorization: Bearer KEY")
            key = self.key_of(secret.strip())
            return Caller(key.name, key.scope, request.remote_addr)
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            raise _unauthenticated("a key is needed: Authorization: Bearer KEY", _REALM)
        return self._caller_of_session(cookie)

    def _caller_of_session(self, cookie: str) -> Caller:
        session = self.sessions.find(cookie)
        # Asked for again each time: a revoked key ends its sessions at once.
        key = self._keys.ring().with_digest(session.key_digest) if session else None
        if key is None:
            raise _unauthenticated("the session is over; open another one", _REALM)
        if request.method not in _SAFE_METHODS and not _is_same_origin():
            raise Problem(
                "forbidden",
                "with a session, changes are taken only from the gateway's own page (Origin)",
            )
        return Caller(key.name, key.scope, request.remote_addr, session)

    def _wrong(self, reason: str) -> Problem:
        """A failed attempt: 401, or 429 when there were too many. A right key is never kept out."""
        address = request.remote_addr or ""
        wait_s = self._failures.failed(address)
        if wait_s is not None:
            return Problem(
                "too_many_attempts",
                "too many wrong keys were sent from your address",
                headers={"Retry-After": str(max(1, math.ceil(wait_s)))},
            )
        _LOG.warning("a wrong key was refused", extra={"client": address})
        return _unauthenticated(reason, f'{_REALM}, error="invalid_token"')


def install(app: Flask, access: Access) -> None:
    """Check every request of the app; after the checks of host and origin."""
    app.extensions[_EXTENSION] = access
    app.before_request(access.check)
    app.after_request(_note_change)


def _note_change(response: Response) -> Response:
    """Who changed what is in the log; commands have an audit trail of their own."""
    found = g.get("caller")
    if found is not None and request.method not in _SAFE_METHODS and request.endpoint != _COMMANDS:
        _LOG.info(
            "%s %s: %d",
            *(request.method, request.path, response.status_code),
            extra={"actor": found.name or "local", "client": found.address},
        )
    return response


def current() -> Access:
    """The access control of the app that answers the current request."""
    found = current_app.extensions[_EXTENSION]
    assert isinstance(found, Access)
    return found


def caller() -> Caller:
    """Who sent the current request; of an endpoint that is not open to all."""
    found = g.caller
    assert isinstance(found, Caller)
    return found


def is_behind_tls() -> bool:
    """Whether the browser came over HTTPS, through a proxy in front of us."""
    origin = request.headers.get("Origin", "")
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    return request.is_secure or origin.startswith("https://") or forwarded == "https"


def _is_person_without_key() -> bool:
    """A browser that wants to see the page, and can be asked for a key."""
    wants_page = "text/html" in request.headers.get("Accept", "")
    return (
        request.endpoint == "pages.index" and wants_page and "Authorization" not in request.headers
    )


def _is_same_origin() -> bool:
    host = request.headers.get("Host", "")
    return request.headers.get("Origin") in (f"http://{host}", f"https://{host}")


def _unauthenticated(detail: str, challenge: str) -> Problem:
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": challenge})
