"""The gate of a device: its polls and commands pass it, and maintenance closes it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.model.errors import DeviceInMaintenance, MaintenanceTimeout


class Gate:
    """Counts the users of one device, and keeps further ones out while it is closed. Thread-safe.

    Passing an open gate never waits.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._changed = threading.Condition()  # guards the two below; signalled when a user leaves
        self._users = 0
        self._reason: str | None = None

    @property
    def reason(self) -> str | None:
        """Why the gate is closed; None while it is open."""
        return self._reason

    @contextmanager
    def use(self) -> Iterator[None]:
        """Use the device inside a `with` statement. Raises `DeviceInMaintenance`."""
        with self._changed:
            if self._reason is not None:
                raise DeviceInMaintenance(self._device, self._reason)
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def close(self, reason: str, timeout_s: float) -> None:
        """Keep further users out and wait for those inside, at most `timeout_s` real seconds.

        Raises `DeviceInMaintenance` when it is closed already, and `MaintenanceTimeout` when a user did not
        leave in time; the gate is open again then.
        """
        with self._changed:
            if self._reason is not None:
                raise DeviceInMaintenance(self._device, self._reason)
            self._reason = reason
            if not self._changed.wait_for(lambda: not self._users, timeout_s):
                self._reason = None
                raise MaintenanceTimeout(
                    f"{self._device} is still in use after {timeout_s:g} s: a poll or a command "
                    "has not ended"
                )

    def open(self) -> None:
        """Let users in again. Idempotent."""
        with self._changed:
            self._reason = None
