"""Errors of the gateway that callers act on."""

from collections.abc import Mapping

from gateway.command_record import CommandRecord


class CommandError(Exception):
    """A command did not end as done. `code` is stable and part of the contract.

    `record` is the audit record where one was made; `problems` names what is wrong per argument;
    `retry_after_s` says when trying again makes sense.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        record: CommandRecord | None = None,
        problems: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """`detail` is a sentence for the person who sent the command."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.record = record
        self.problems = dict(problems or {})
        self.retry_after_s = retry_after_s
