"""The numbers that make a board act at most once, and the commands of unknown outcome."""

import threading
import uuid
from collections.abc import Sequence
from typing import Protocol

from gateway.commands.inquiry import Inquiry
from gateway.commands.outcome import unrecorded
from gateway.journal.errors import JournalError
from gateway.model.command import CommandRecord

TOKENS = 0xF000
"""Commands use tokens below this; the collection uses the rest (to set the sampling interval)."""


class CommandHistory(Protocol):
    """Reads recorded commands: the journal's reader."""

    def command_by_idempotency(self, key: str, since_ms: int) -> CommandRecord | None:
        """The newest command with that key since `since_ms`, or None."""
        ...

    def last_token(self, device: str) -> int | None:
        """The token of the newest command to that device, or None."""
        ...


class Tokens:
    """The latest token of each device, and its inquiry if there is one. Thread-safe."""

    def __init__(self, history: CommandHistory) -> None:
        self._history = history
        self._guard = threading.Lock()  # guards what follows, never held across a wait
        self._latest: dict[str, int] = {}
        self._inquiries: dict[str, Inquiry] = {}

    def following(self, device: str) -> int:
        """The token of the next command to a device; drops the inquiry about the one before.

        Raises `CommandError` when the journal cannot be read.
        """
        with self._guard:
            last = self._latest.get(device)
        if last is None:
            try:
                last = self._history.last_token(device)
            except JournalError as error:
                raise unrecorded(error) from error
        with self._guard:
            # Another thread may have taken a token meanwhile: that one is newer.
            last = self._latest.get(device, last)
            start = uuid.uuid4().int % TOKENS
            token = start if last is None else (last + 1) % TOKENS
            self._latest[device] = token
            self._inquiries.pop(device, None)
            return token

    def inquiries(self) -> Sequence[Inquiry]:
        """Commands whose outcome is unknown and may be determined."""
        with self._guard:
            return list(self._inquiries.values())

    def inquire(self, inquiry: Inquiry) -> None:
        """Add an inquiry, unless its command is no longer the latest one of its device."""
        device = inquiry.record.device
        with self._guard:
            if self._latest.get(device) == inquiry.record.token:
                self._inquiries[device] = inquiry

    def settle(self, inquiry: Inquiry) -> bool:
        """Remove an inquiry that was answered; False when it was dropped meanwhile.

        A command sent since may have driven the token out of the board's memory.
        """
        device = inquiry.record.device
        with self._guard:
            if self._inquiries.get(device) is not inquiry:
                return False
            del self._inquiries[device]
            return True
