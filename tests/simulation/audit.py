"""Knows of every sample where it is: written down where it is made, overwritten, let go and stored."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.journal.reader import JournalReader
from gateway.journal.ticket import Ticket
from gateway.model.reading import Loss, Reading, StoredReading
from tests.simulation.errors import Violation

PAGE = 5000


@dataclass
class Boot:
    """The samples of one boot of one board: `made` are numbered from 1."""

    made: int = 0
    packed: dict[int, bytes] = field(default_factory=dict)
    overwritten: set[int] = field(default_factory=set)
    lost_at_reset: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Offer:
    """Readings without a key of their own, given to the journal's queue; they live nowhere else."""

    readings: tuple[tuple[str, int], ...]
    losses: tuple[Loss, ...]
    ticket: Ticket


class Audit:
    """The books of a simulation. They outlive the gateway's processes."""

    def __init__(self) -> None:
        self.boots: dict[tuple[str, int], Boot] = defaultdict(Boot)
        self.names: dict[str, str] = {}
        """Device by uid."""
        self.stored: dict[str, StoredReading] = {}
        self.offered: Counter[tuple[str, int]] = Counter()
        self.perhaps_lost: Counter[tuple[str, int]] = Counter()
        self.refused: Counter[str] = Counter()
        self.refused_perhaps_lost: Counter[str] = Counter()
        self._open_offers: list[Offer] = []
        self._reader: JournalReader | None = None
        self._last_row = 0
        self._last_of: dict[str, tuple[int, int]] = {}

    # What boards tell

    def made(self, uid: str, boot: int, seq: int, packed: bytes | None) -> None:
        entry = self.boots[uid, boot]
        entry.made = max(entry.made, seq)
        if packed is None:
            entry.overwritten.add(seq)
        else:
            entry.packed[seq] = packed

    def overwritten(self, uid: str, boot: int, numbers: Iterable[int]) -> None:
        self.boots[uid, boot].overwritten.update(numbers)

    def lost_at_reset(self, uid: str, boot: int, numbers: Iterable[int]) -> None:
        self.boots[uid, boot].lost_at_reset.update(numbers)

    def let_go(self, uid: str, boot: int, numbers: Sequence[int]) -> None:
        """A board forgets because it was told to: what it forgets must be on disk."""
        entry = self.boots[uid, boot]
        if any(number not in entry.stored for number in numbers):
            self.look()
        gone = [number for number in numbers if number not in entry.stored]
        if gone:
            raise Violation(
                f"{self.names.get(uid, uid)} boot {boot} was told to forget {gone}, not durably stored"
            )

    # What the journal's queue tells

    def offer(self, readings: Sequence[Reading], losses: Sequence[Loss], ticket: Ticket) -> None:
        own = tuple((one.device, one.boottime_ms) for one in readings if one.key is None)
        if own:
            self.offered.update(own)
            self._open_offers = [one for one in self._open_offers if not one.ticket.done]
            self._open_offers.append(Offer(own, tuple(losses), ticket))

    def refuse(self, readings: Sequence[Reading]) -> None:
        self.refused.update(one.device for one in readings if one.key is None)

    def died(self, unqueued: dict[str, int]) -> None:
        """What was only in memory is gone, unless its commit came through in the last moment."""
        for offer in self._open_offers:
            if not offer.ticket.done:
                self.perhaps_lost.update(offer.readings)
                for loss in offer.losses:
                    self.refused_perhaps_lost[loss.device] += loss.count
        self.refused_perhaps_lost.update(unqueued)
        self._open_offers.clear()

    # What the journal holds

    def watch(self, reader: JournalReader | None) -> None:
        self._reader = reader

    def look(self) -> None:
        """Take in what was committed since the last look."""
        while self._reader is not None:
            page = self._reader.readings_after(self._last_row, PAGE)
            for one in page:
                self._take(one)
            if len(page) < PAGE:
                return

    def _take(self, one: StoredReading) -> None:
        self._last_row = one.row
        reading = one.reading
        if one.key in self.stored:
            raise Violation(f"the key {one.key} is in the journal twice")
        self.stored[one.key] = one
        if reading.uid is None or reading.boot is None or reading.seq is None:
            identity = (reading.device, reading.boottime_ms)
            self.offered[identity] -= 1
            if self.offered[identity] < 0:
                raise Violation(f"{identity} is stored more often than it was measured")
            return
        place = (reading.boot, reading.seq)
        if place <= self._last_of.get(reading.uid, (-1, 0)):
            raise Violation(
                f"{reading.device}: {place} stored in row {one.row} after {self._last_of[reading.uid]}"
            )
        self._last_of[reading.uid] = place
        boot = self.boots[reading.uid, reading.boot]
        packed = boot.packed.pop(reading.seq, None)
        if packed is None:
            raise Violation(f"{reading.device}: {place} is stored and was never made")
        if int.from_bytes(packed[:4], "little") != reading.values.get("n"):
            raise Violation(f"{reading.device}: {place} is stored with a wrong value")
        boot.stored.add(reading.seq)

    def check_sent(self, readings: Sequence[StoredReading]) -> None:
        """Only what is in the journal goes to a sink."""
        if any(one.key not in self.stored for one in readings):
            self.look()
        for one in readings:
            if self.stored.get(one.key) != one:
                raise Violation(f"{one.key} was delivered and is not like that in the journal")
