"""One connection: waitress's own, with a bound on how long a request may take and problems for errors.

Errors that waitress finds before the app is asked (oversized, not HTTP) look like all the others.
"""

import json
import time
from http import HTTPStatus

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from api import problems

_CODES = {
    400: "bad_request",
    413: "body_too_large",
    431: "headers_too_large",
    501: "not_implemented",
}


class ProblemTask(ErrorTask):
    """Answers an error of waitress itself as a problem."""

    def execute(self) -> None:
        """Send the problem and close the connection."""
        error = self.request.error  # type: ignore[attr-defined]  # the published type is wrong
        kind = problems.KINDS[_CODES.get(error.code, "internal_error")]
        path = getattr(self.request, "path", "/")
        body = json.dumps(problems.document(kind, kind.meaning, path)).encode()
        self.status = f"{kind.status} {HTTPStatus(kind.status).phrase}"
        self.response_headers = [
            ("Content-Type", problems.CONTENT_TYPE),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class GatewayChannel(HTTPChannel):
    """A connection of the API."""

    error_task_class = ProblemTask
    _receiving_since: float | None = None  # monotonic; None while no request is half received

    def received(self, data: bytes) -> bool:
        """Take data, and note when the request it belongs to began."""
        result = super().received(data)
        if self.request is None:
            self._receiving_since = None
        elif self._receiving_since is None:
            self._receiving_since = time.monotonic()
        return result

    def drop_if_slow(self, now: float, limit_s: float) -> None:
        """Close the connection when its request takes too long to arrive."""
        if self._receiving_since is not None and now - self._receiving_since > limit_s:
            self.will_close = True
