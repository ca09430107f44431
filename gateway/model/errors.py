"""Errors of the gateway that callers act on."""

from collections.abc import Mapping

from gateway.model.command import CommandRecord


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


class DeviceInMaintenance(CommandError):
    """The device is being maintained: nothing was sent. The code is `maintenance`."""

    def __init__(self, device: str, reason: str) -> None:
        """`reason` says in plain words what is done to the device."""
        super().__init__("maintenance", f"{device} is being maintained: {reason}; nothing was sent")


class FatalError(Exception):
    """Trying again in this process cannot help: end it with `exit_code`.

    78 tells systemd not to start the gateway again before somebody has changed something.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """`message` says what is wrong and what to do."""
        super().__init__(message)
        self.exit_code = exit_code
