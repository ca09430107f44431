"""A command that did not end as done, as a problem."""

import math

from flask import Response

from api.problems import KINDS, Problem, answer, answer_failure
from api.resources.commands.document import command_document
from gateway.model.errors import CommandError

_RETRY_LATER = frozenset(
    {"device_offline", "bus_busy", "command_in_progress", "journal_unavailable"}
)


def answer_command_error(error: CommandError) -> Response:
    """The problem with the error's code, or the gateway's failure where the code is not in the table."""
    if error.code not in KINDS:
        return answer_failure(error)
    headers = {}
    if error.code in _RETRY_LATER or error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s or 1)))
    problem = Problem(
        error.code,
        error.detail,
        problems=error.problems or None,
        command=None if error.record is None else command_document(error.record),
        headers=headers,
    )
    return answer(problem)
