"""Where drivers put what they have read: the journal, and what is stamped on every reading."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.journal.types import LastSample
from gateway.model.reading import Loss, Reading


class Committed(Protocol):
    """What the journal hands out for something that was given to it."""

    def wait(self, timeout_s: float) -> bool:
        """True when it is stored, False when it was not within `timeout_s`."""
        ...


class ReadingStore(Protocol):
    """What the collection needs of the journal."""

    def append(self, readings: Sequence[Reading], losses: Sequence[Loss] = ()) -> Committed:
        """Take readings and losses for the next commit. Raises `JournalFull` and takes nothing."""
        ...

    def flush(self) -> Committed:
        """Ask for a commit now."""
        ...

    def next_seq(self, uid: str, boot: int) -> int:
        """Lowest sample number of that boot that is not durably stored."""
        ...

    def last_sample(self, uid: str) -> LastSample | None:
        """The newest stored sample of that board; None: it was never heard of."""
        ...


def _not_set() -> None:
    """No metadata was set while the gateway runs."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is stamped on every reading of a device."""

    device: str
    metadata: Mapping[str, str]
    simulated: bool
    metadata_set: Callable[[], Mapping[str, str] | None] = _not_set
    """Asked for what was set while the gateway runs, which goes first; None: nothing was."""

    def metadata_now(self) -> Mapping[str, str]:
        """The metadata of a reading that is made now."""
        found = self.metadata_set()
        return self.metadata if found is None else found
