"""What a delivery asks of the journal."""

from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.journal.ticket import Ticket
from gateway.journal.types import DeadLetter, JournalState, JournalStats, StoredCommand
from gateway.model.reading import StoredReading


class DeliveryReader(Protocol):
    """The reading side. All raise `JournalError` when the file cannot be read."""

    def undelivered(self, sink: str, limit: int, after_row: int = 0) -> Sequence[StoredReading]:
        """Return the readings behind `after_row`, in the order of their rows."""
        ...

    def commands_changed_since(self, version: int, limit: int) -> Sequence[StoredCommand]:
        """Return the commands saved after `version`, in the order of their versions."""
        ...

    def stats(self) -> JournalStats:
        """Return the name of the file and the cursor of each sink."""
        ...


class DeliveryJournal(Protocol):
    """The writing side. Nothing here waits for the disk."""

    def register_sink(self, name: str) -> None:
        """Keep what this sink has not got."""
        ...

    def advance(self, sink: str, row: int, command_version: int = 0) -> Ticket:
        """Note how far a sink has come; a cursor never goes back, so 0 leaves it where it is."""
        ...

    def advanced(self, sink: str) -> tuple[int, int]:
        """Return the part of its cursor that is not on disk yet: row, command version, or zeros."""
        ...

    def dead_letter(self, sink: str, items: Sequence[DeadLetter]) -> Ticket:
        """Put readings aside. Raises `JournalFull`."""
        ...

    def subscribe(self, callback: Callable[[Sequence[StoredReading]], None]) -> Callable[[], None]:
        """Call back after each commit with new readings; returns what ends that."""
        ...

    def subscribe_commands(
        self, callback: Callable[[Sequence[StoredCommand]], None]
    ) -> Callable[[], None]:
        """Call back after each commit with changed commands; returns what ends that."""
        ...

    def state(self) -> JournalState:
        """Return the writer's snapshot."""
        ...
