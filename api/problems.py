"""Errors as RFC 9457 problems: one table of codes, one way to answer.

A `code` is stable: programs decide by it, people read `detail`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

CONTENT_TYPE = "application/problem+json"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One row of the table: what a code stands for, for the documentation."""

    code: str
    status: int
    meaning: str


KINDS: Mapping[str, ProblemKind] = {
    kind.code: kind
    for kind in (
        ProblemKind("bad_request", 400, "The request is not HTTP as it should be."),
        ProblemKind(
            "malformed_json", 400, "The body is not JSON, or JSON that could be misunderstood."
        ),
        ProblemKind(
            "invalid_parameter",
            400,
            "A query parameter or header is unknown or has no valid value.",
        ),
        ProblemKind(
            "unauthenticated", 401, "A key is needed, or the one that was sent does not exist."
        ),
        ProblemKind(
            "forbidden",
            403,
            "The key has too small a scope, or the request comes from a page or under a host name "
            "not allowed here.",
        ),
        ProblemKind("not_found", 404, "There is nothing at this address."),
        ProblemKind("unknown_device", 404, "No device has this id."),
        ProblemKind("unknown_command", 404, "The device has no command of this name."),
        ProblemKind(
            "method_not_allowed", 405, "The address does not take this method; Allow says which."
        ),
        ProblemKind(
            "not_acceptable",
            406,
            "None of the forms that Accept allows exists; `detail` lists them.",
        ),
        ProblemKind("refused", 409, "The device understood the command and refused it."),
        ProblemKind(
            "command_in_progress", 409, "A command with this Idempotency-Key is still running."
        ),
        ProblemKind(
            "maintenance",
            409,
            "The device is in maintenance, for example because its firmware is replaced; nothing was sent.",
        ),
        ProblemKind("body_too_large", 413, "The body is larger than 64 KiB."),
        ProblemKind("unsupported_media_type", 415, "The body is not declared as application/json."),
        ProblemKind(
            "invalid_body", 422, "The body is JSON of another form; `problems` says where."
        ),
        ProblemKind(
            "invalid_arguments", 422, "The arguments do not fit the command; `problems` says which."
        ),
        ProblemKind(
            "idempotency_mismatch", 422, "The Idempotency-Key was used with another request."
        ),
        ProblemKind("too_many_attempts", 429, "Too many wrong keys were sent from this address."),
        ProblemKind("headers_too_large", 431, "The head of the request is larger than 16 KiB."),
        ProblemKind("internal_error", 500, "The gateway failed; its log says why."),
        ProblemKind(
            "not_implemented", 501, "The request uses a transfer coding the gateway does not take."
        ),
        ProblemKind(
            "queue_full", 503, "As many commands wait as the gateway takes; nothing was sent."
        ),
        ProblemKind("device_failed", 502, "The device took the command and reported a failure."),
        ProblemKind("device_offline", 503, "The device does not answer; nothing was sent."),
        ProblemKind("bus_busy", 503, "The bus was not free in time; nothing was sent."),
        ProblemKind("journal_unavailable", 503, "It could not be recorded, so it was not done."),
        ProblemKind(
            "history_unavailable",
            503,
            "Readings older than the journal keeps are in MongoDB, which does not answer.",
        ),
        ProblemKind("not_ready", 503, "The gateway does not collect or store; `reasons` says why."),
        ProblemKind(
            "too_many_streams",
            503,
            "As many event streams and exports are open as the gateway takes at a time.",
        ),
        ProblemKind(
            "outcome_unknown", 504, "The command was sent and not answered; it may have run."
        ),
    )
}

_CODE_OF_STATUS = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
    431: "headers_too_large",
    501: "not_implemented",
}


class Problem(Exception):
    """Ends a request with an error of the table.

    `problems` says what is wrong per parameter or field; `command` is the audit document of a command;
    `reasons` are the sentences of /readyz.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        problems: Mapping[str, str] | None = None,
        command: Mapping[str, object] | None = None,
        reasons: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`code` is one of `KINDS`; `detail` is a sentence for the caller."""
        super().__init__(detail)
        self.kind = KINDS[code]
        self.detail = detail
        self.extensions = {"problems": problems, "command": command, "reasons": reasons}
        self.headers = dict(headers or {})


def unknown_device(device: str) -> Problem:
    """The problem of an id that no device has."""
    return Problem("unknown_device", f"no device has the id {device!r}")


def document(kind: ProblemKind, detail: str, instance: str) -> dict[str, object]:
    """The members every problem has; `instance` is the path of the request."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(kind.status).phrase,
        "status": kind.status,
        "code": kind.code,
        "detail": detail,
        "instance": instance,
    }


def answer(problem: Problem) -> Response:
    """The response that tells of a problem."""
    body = document(problem.kind, problem.detail, request.path)
    body.update({name: value for name, value in problem.extensions.items() if value is not None})
    return Response(
        current_app.json.dumps(body) + "\n",
        problem.kind.status,
        problem.headers,
        content_type=CONTENT_TYPE,
    )


def install(app: Flask) -> None:
    """Make every error of the app a problem."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, answer_failure)


def _answer_http_exception(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error  # a redirection is no error
    if error.code == 500:
        return answer_failure(error)
    fallback = "bad_request" if error.code < 500 else "internal_error"
    code = _CODE_OF_STATUS.get(error.code, fallback)
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer(Problem(code, _sentence(code, error), headers=headers))


def _sentence(code: str, error: HTTPException) -> str:
    if code == "not_found":
        return f"nothing is at {request.path}; /openapi.json lists what there is"
    if code == "method_not_allowed":
        return f"{request.path} does not take {request.method}"
    return KINDS[code].meaning if code != "bad_request" else str(error.description)


def answer_failure(error: Exception) -> Response:
    """The response to a fault of the gateway itself."""
    # The caller learns nothing of our inside; the log has it all.
    _LOG.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer(Problem("internal_error", "the gateway failed to answer; its log says why"))
