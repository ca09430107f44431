"""The worker of one sink: what waits in the journal goes to its consumers.

Each consumer has a lane. A sink that is away holds all of them; one that refuses a single lane (rights
missing on one collection, say) holds that one alone. Lanes back off and nothing is dropped: everything
stays in the journal.
"""

import random
from collections.abc import Callable, Sequence

from gateway.delivery.condition import SinkCondition, SinkWatch
from gateway.delivery.consumer import (
    Closes,
    Consumer,
    CountsDuplicates,
    Entry,
    Hastens,
    Kind,
    SinkUnavailable,
)
from gateway.delivery.lane import Lane, NotUnderstood
from gateway.delivery.state import DeliveryState, DeliveryStatus
from gateway.journal.errors import JournalError
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.types import kind_of
from gateway.runtime.backoff import BackOff
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker

IDLE_WAIT_S = 1.0
TAKE_WITHIN_S = 25.0
"""Below `stall_after_s`, so that a call ends before its worker counts as stalled."""
AWAY_FIRST_S, AWAY_CAP_S = 0.5, 30.0
REFUSED_FIRST_S, REFUSED_CAP_S = 15.0, 120.0
STOP_BUDGET_S = 2.0


class DeliveryWorker(Worker):
    """Delivers to the consumers of one sink. Its own thread calls everything but `state` and `wake`."""

    stall_after_s = 30.0
    """A step makes a few calls to the sink, each of which may take five seconds."""

    def __init__(
        self,
        name: str,
        consumers: Sequence[Consumer],
        journal: Journal,
        reader: JournalReader,
        clock: WallClock,
        rng: random.Random | None = None,
        *,
        read_ahead: bool = True,
    ) -> None:
        """`name` is the sink's; `rng` spreads the retries.

        `read_ahead` False keeps everything in one thread, as a simulation needs it.
        """
        super().__init__()
        self.name = f"delivery-{name}"
        self._sink = name
        self._journal = journal
        self._reader = reader
        self._clock = clock
        rng = rng or random.Random()
        self._lanes = tuple(
            Lane(
                consumer,
                name,
                journal,
                reader,
                BackOff(REFUSED_FIRST_S, REFUSED_CAP_S, rng),
                read_ahead and Kind.READING in consumer.kinds,
            )
            for consumer in consumers
        )
        self._kinds = frozenset(kind for consumer in consumers for kind in consumer.kinds)
        self._back_off = BackOff(AWAY_FIRST_S, AWAY_CAP_S, rng)
        self._away: str | None = None
        self._held_until = 0.0
        self._stop_at: float | None = None
        self._watch = SinkWatch(name, clock)
        self._journal_id: str | None = None
        self._unfollow: Callable[[], None] = lambda: None

    def start_up(self) -> None:
        """Find out how far each consumer has come. Raises `JournalError`: try again later."""
        for lane in self._lanes:
            if lane.consumer.kinds:
                self._journal.register(lane.consumer.name, lane.consumer.kinds)
        self._find_cursors()
        self._unfollow = self._journal.follow(self._wake_for)

    def step(self, now: float) -> float:
        """Send one batch of each lane at most, and say when to come again."""
        if now < self._held_until:
            return self._held_until - now
        wait_s = IDLE_WAIT_S
        for lane in self._lanes:
            if now < lane.held_until:
                wait_s = min(wait_s, lane.held_until - now)
                continue
            try:
                if self._journal.state().journal_id != self._journal_id:
                    self._find_cursors()
                worked, lane_wait_s = lane.turn(now, self._deadline())
            except JournalError as error:
                return self._hold(now, f"the journal does not answer: {error}")
            except SinkUnavailable as error:
                if not error.misconfigured:
                    return self._hold(now, error.detail)
                self._hold_lane(lane, now, error.detail)
            except NotUnderstood as error:
                self._hold_lane(lane, now, str(error))
            else:
                if worked:
                    self._worked(lane)
                wait_s = min(wait_s, lane_wait_s)
        return wait_s

    def shut_down(self) -> None:
        """Deliver what is left, for two seconds at most and only if the sink works, and let go."""
        self._unfollow()
        try:
            for lane in self._lanes:
                if isinstance(lane.consumer, Hastens):
                    lane.consumer.hasten(STOP_BUDGET_S)
            self._finish()
        finally:
            for lane in self._lanes:
                lane.close()
                if isinstance(lane.consumer, Closes):
                    lane.consumer.close()

    def state(self) -> DeliveryState:
        """Return a snapshot; from any thread."""
        condition = self._watch.current
        lag = self._lag_rows()
        oldest_ms = min(
            (lane.oldest_ms for lane in self._lanes if lane.oldest_ms is not None), default=None
        )
        return DeliveryState(
            sink=self._sink,
            status=_status(condition, lag),
            lag_rows=lag,
            oldest_age_s=None
            if oldest_ms is None or not lag
            else (self._clock.wall_ms() - oldest_ms) / 1000,
            delivered=sum(lane.taken[Kind.READING] for lane in self._lanes),
            duplicates=sum(
                lane.consumer.duplicates
                for lane in self._lanes
                if isinstance(lane.consumer, CountsDuplicates)
            ),
            rejected=sum(lane.rejected[Kind.READING] for lane in self._lanes),
            commands_delivered=sum(lane.taken[Kind.COMMAND] for lane in self._lanes),
            commands_rejected=sum(lane.rejected[Kind.COMMAND] for lane in self._lanes),
            error=condition.error if condition else None,
            last_error=condition.last_error if condition else None,
            since_ms=condition.since_ms if condition else None,
            retry_in_s=max(condition.held_until - self._clock.monotonic(), 0.0)
            if condition
            else 0.0,
        )

    def _wake_for(self, entries: Sequence[Entry]) -> None:
        if any(kind_of(entry) in self._kinds for entry in entries):
            self.wake()

    def _find_cursors(self) -> None:
        """Begin where the journal says; a file that had to be replaced has cursors of its own."""
        # Asked first: what is committed in between is in both. A worker before this one may have put
        # readings aside that must not be sent now.
        unwritten = [self._journal.advanced(lane.consumer.name) for lane in self._lanes]
        stats = self._reader.stats()
        for lane, seq in zip(self._lanes, unwritten, strict=True):
            lane.begin(stats, seq)
        self._journal_id = stats.journal_id

    def _lag_rows(self) -> int:
        cursors = [lane.cursor for lane in self._lanes if lane.follows_readings]
        return max(self._journal.state().last_row - min(cursors), 0) if cursors else 0

    def _deadline(self) -> float:
        deadline = self._clock.monotonic() + TAKE_WITHIN_S
        return deadline if self._stop_at is None else min(deadline, self._stop_at)

    def _hold(self, now: float, error: str) -> float:
        """Leave the sink alone for a while."""
        for lane in self._lanes:
            lane.pause()
            # So that there is something to try, and the end of the condition is noticed.
            lane.idle_at = min(lane.idle_at, now)
        wait_s = self._back_off.failed()
        self._away = error
        self._held_until = now + wait_s
        self._note()
        return wait_s

    def _hold_lane(self, lane: Lane, now: float, error: str) -> None:
        lane.pause()
        lane.error = error
        lane.held_until = now + lane.back_off.failed()
        self._note()

    def _worked(self, lane: Lane) -> None:
        lane.error = None
        lane.back_off.reset()
        self._away = None
        self._back_off.reset()
        self._note()

    def _note(self) -> None:
        held = [lane for lane in self._lanes if lane.error is not None]
        error = self._away or next((lane.error for lane in held), None)
        until = self._held_until
        if self._away is None:
            until = min((lane.held_until for lane in held), default=0.0)
        self._watch.note(error, until)

    def _finish(self) -> None:
        self._stop_at = self._clock.monotonic() + STOP_BUDGET_S
        for lane in self._lanes:
            lane.idle_at = 0.0
        while (now := self._clock.monotonic()) < self._stop_at and self._works():
            if self.step(now) > 0:
                return

    def _works(self) -> bool:
        condition = self._watch.current
        return condition is not None and condition.error is None


def _status(condition: SinkCondition | None, lag_rows: int) -> DeliveryStatus:
    if condition is None:
        return DeliveryStatus.STARTING
    if condition.error is not None:
        return DeliveryStatus.BACKING_OFF
    return DeliveryStatus.OK if lag_rows else DeliveryStatus.IDLE
