"""A ticket: how the one who handed something to the journal learns that it is on disk."""

import threading


class Ticket:
    """Becomes done when everything it stands for is committed. Any thread may ask."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def done(self) -> bool:
        """Whether it is on disk."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is on disk; False when it is not after `timeout_s` seconds (it stays queued)."""
        return self._event.wait(timeout_s)

    def complete(self) -> None:
        """The writer's word that it is on disk."""
        self._event.set()
