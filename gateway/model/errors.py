"""Errors of the gateway that callers act on."""

from collections.abc import Mapping

from gateway.model.command import CommandRecord

MAINTENANCE_RETRY_S = 30.0
"""When a command to a device in maintenance is worth another attempt."""


class CommandError(Exception):
    """A command was not done. `code` is stable: clients rely on it.

    `record` is the audit record, None when none was made; `problems`: what is wrong, by argument;
    `retry_after_s`: seconds after which a retry makes sense, None for never.
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
    """The device is held for maintenance: it is neither polled nor sent commands. Try again later."""

    def __init__(self, device: str, reason: str) -> None:
        """`reason` says what is done to the device, such as "firmware"."""
        super().__init__(
            "maintenance",
            f"{device} is in maintenance: {reason}; nothing was sent",
            retry_after_s=MAINTENANCE_RETRY_S,
        )


class MaintenanceTimeout(TimeoutError):
    """Maintenance cannot begin: a poll or a command of the device did not end in time."""


class UnknownDevice(LookupError):
    """There is no device with this id."""

    def __init__(self, device: str) -> None:
        super().__init__(f"there is no device {device!r}")


class DeviceIdTaken(ValueError):
    """The id belongs to another device: choose another one."""


class FatalError(Exception):
    """A retry in this process cannot help: it must end with `exit_code`.

    78 keeps systemd from restarting the gateway until the configuration has been changed.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """`message`: what is wrong and what to do."""
        super().__init__(message)
        self.exit_code = exit_code
