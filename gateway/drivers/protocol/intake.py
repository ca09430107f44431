"""From samples of one board to readings in the journal, each exactly once.

The journal says which number is the lowest not durably stored; only below that may the board forget. What
was received since waits in the journal's queue and is skipped when the board is asked again.
"""

from collections.abc import Sequence

from arduino_iface.device import Identity, Polled
from arduino_iface.errors import BadFrame, ProtocolMismatch
from arduino_iface.sample import Sample
from gateway.drivers.intake import ReadingStore, Source
from gateway.drivers.protocol.bounds import CLOCK_DOUBT_MS, UPTIME_UNKNOWN_MS, Bounds, Mark
from gateway.drivers.protocol.values import NO_RULES, ChannelRules
from gateway.journal.types import LastSample
from gateway.model.ledger import absent_between, losses_of, spread
from gateway.model.reading import Loss, LossReason, Reading, Through
from gateway.runtime.clock import WallClock

SKIP_MAX = 0xFFFF
"""Most samples a windowed poll can skip, from its 16-bit field."""


class Intake:
    """The samples of one boot of one board. Owned by the device's poller, used by one thread at a time."""

    def __init__(
        self,
        source: Source,
        identity: Identity,
        store: ReadingStore,
        clock: WallClock,
        rules: ChannelRules = NO_RULES,
    ) -> None:
        """Begins at the number the journal has for this boot. `rules` are those of the configuration."""
        self.identity = identity
        self.lost = 0
        self._source = source
        self._store = store
        self._clock = clock
        self._rules = rules
        self._identified_ms = clock.boottime_ms()
        self._heard = False  # whether an answer was taken since the board has said who it is
        self._opened = False  # whether the time before this boot is accounted for
        self._expected = self._asked = store.next_seq(identity.uid, identity.boot)
        self._bounds = self._bounds_now()

    @property
    def interval_ms(self) -> int:
        """The sampling interval that was agreed on, ms."""
        return self._bounds.interval_ms

    @interval_ms.setter
    def interval_ms(self, interval_ms: int) -> None:
        self._bounds.interval_ms = interval_ms

    def is_of(self, identity: Identity) -> bool:
        """Whether this is the same boot of the same board: what was received of it is not forgotten."""
        return (identity.uid, identity.boot) == (self.identity.uid, self.identity.boot)

    def identified(self) -> None:
        """The board has said who it is, at first or again: it may have restarted meanwhile."""
        self._heard = False

    def window(self) -> tuple[int, int]:
        """What to ask for: the lowest number not stored for good, and how many from there to skip."""
        stored = self._store.next_seq(self.identity.uid, self.identity.boot)
        self._expected = max(self._expected, stored)
        self._asked = stored
        if not self.identity.windowed:
            return stored, 0
        return stored, min(self._expected - stored, SKIP_MAX)

    def take(self, polled: Polled) -> int:
        """Give the new samples of an answer to the journal; return how many there were.

        Raises `JournalFull` when it has no room: the board keeps them and is asked again later. Raises
        `BadFrame` when the answer has a number that is not possible: nothing of it is taken. Raises
        `ProtocolMismatch` when the board answers with samples below those it was asked for: it has not
        counted so far yet, so its boot counter repeats, and its new samples would pass for old ones.
        """
        now_ms = self._clock.boottime_ms()
        self._bounds.check(polled, now_ms)
        if polled.first < self._asked:
            self._require_twice(polled)
            raise ProtocolMismatch(
                f"the board is at sample {polled.first} of boot {self.identity.boot}, of which "
                f"{self._asked - 1} are stored: its boot counter repeats; restart it, and if that does "
                "not help give it a new identity (erase its EEPROM)"
            )
        fresh = [sample for sample in polled.samples if sample.seq >= self._expected]
        lost = max(0, polled.first - self._expected)
        if fresh or lost:
            readings = self._readings(fresh, polled.sent_mono)
            losses = [*self._absence(), *self._overwritten(lost, readings, polled)]
            self._store.append(readings, losses)
            self._opened = True
            self.lost += lost
            self._expected = max(self._expected, polled.following)
        self._heard = True
        self._bounds.accept(polled, now_ms - self._since_ms(polled.sent_mono))
        return len(fresh)

    def _require_twice(self, polled: Polled) -> None:
        """One answer that goes back in the middle of others is a wrong frame; a board stays there."""
        if self._heard:
            raise BadFrame(
                f"the reply begins with sample {polled.first} of boot {self.identity.boot}; "
                f"{self._asked} was asked for"
            )

    def _bounds_now(self) -> Bounds:
        """What is possible from what the journal knows of this board."""
        last = self._store.last_sample(self.identity.uid)
        if last is None or last.boot != self.identity.boot:
            mark, uptime_max_ms = None, None
            if last is not None and last.boot_id == self._clock.boot_id():
                uptime_max_ms = self._identified_ms - last.boottime_ms + CLOCK_DOUBT_MS
            if self._expected > 1:
                mark = Mark(self._expected, self._identified_ms - UPTIME_UNKNOWN_MS)
            return Bounds(self.identity, self._identified_ms, mark, uptime_max_ms)
        mark = Mark(self._expected, self._boottime_of(last))
        return Bounds(self.identity, self._identified_ms, mark)

    def _boottime_of(self, last: LastSample) -> int:
        """When the sample was taken, on this machine's clock; by the wall clock if it was started since."""
        if last.boot_id == self._clock.boot_id():
            return last.boottime_ms
        return last.time_ms - (self._clock.wall_ms() - self._clock.boottime_ms())

    def _since_ms(self, sent_mono: float) -> int:
        return round((self._clock.monotonic() - sent_mono) * 1000)

    def _readings(self, samples: Sequence[Sample], sent_mono: float) -> list[Reading]:
        since_ms = self._since_ms(sent_mono)
        wall_ms, boottime_ms = (
            self._clock.wall_ms() - since_ms,
            self._clock.boottime_ms() - since_ms,
        )
        boot_id = self._clock.boot_id()
        metadata = self._source.metadata_now()
        judged = [(sample, self._rules.judge(sample.values)) for sample in samples]
        return [
            Reading(
                device=self._source.device,
                time_ms=wall_ms - sample.age_ms,
                values=values,
                quality=quality,
                uid=self.identity.uid,
                boot=self.identity.boot,
                seq=sample.seq,
                metadata=metadata,
                simulated=self._source.simulated,
                boot_id=boot_id,
                boottime_ms=boottime_ms - sample.age_ms,
            )
            for sample, (values, quality) in judged
        ]

    def _overwritten(self, count: int, readings: Sequence[Reading], polled: Polled) -> list[Loss]:
        """Losses of `count` numbers below the first that was still there, reckoned back from it."""
        if not count:
            return []
        newest_ms = self._clock.wall_ms()
        if readings:
            newest_ms = readings[0].time_ms - self.interval_ms
        through = Through(self.identity.uid, self.identity.boot, polled.following)
        device = self._source.device
        return [
            Loss(device, LossReason.OVERWRITTEN, inside, hour, through)
            for hour, inside in spread(count, newest_ms, self.interval_ms)
        ]

    def _absence(self) -> list[Loss]:
        """What was due between the last sample of the boot before and the beginning of this one.

        Given to the journal with the first samples of this boot, which end the account of the one before:
        so it is counted once, whatever happens in between.
        """
        last = self._store.last_sample(self.identity.uid)
        if self._opened or last is None or last.boot == self.identity.boot:
            return []
        now_ms = self._clock.boottime_ms()
        wall_offset_ms = self._clock.wall_ms() - now_ms
        started_ms = self._identified_ms - self.identity.uptime_ms
        last_ms = self._boottime_of(last)
        count = absent_between(last_ms, started_ms, self.interval_ms)
        newest_ms = last_ms + count * self.interval_ms + wall_offset_ms
        device = self._source.device
        return losses_of(device, LossReason.DEVICE_ABSENT, count, newest_ms, self.interval_ms)
