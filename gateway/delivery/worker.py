"""The worker that delivers to one sink: what waits in the journal, the commands, a sign of life.

Three lanes share the sink. A sink that is away holds all of them; one that refuses a single lane
(rights missing on one collection, say) holds that one alone. Lanes back off and nothing is dropped:
everything stays in the journal.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from gateway.delivery.backoff import Backoff
from gateway.delivery.condition import SinkCondition, SinkWatch
from gateway.delivery.flows import CommandsFlow, ReadingsFlow
from gateway.delivery.ports import DeliveryJournal, DeliveryReader
from gateway.delivery.state import DeliveryState, DeliveryStatus
from gateway.delivery.stream import NotUnderstood, Stream
from gateway.journal.errors import JournalError
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker
from gateway.sinks.base import Heartbeat, Sink, SinkUnavailable

IDLE_WAIT_S = 1.0
HEARTBEAT_S = 10.0
AWAY_FIRST_S, AWAY_CAP_S = 0.5, 30.0
REFUSED_FIRST_S, REFUSED_CAP_S = 15.0, 120.0
STOP_BUDGET_S = 2.0


@dataclass(slots=True)
class _Lane:
    """Something to do for the sink: `pump(now)` returns (sink took something, go on at once)."""

    pump: Callable[[float], tuple[bool, bool]]
    backoff: Backoff
    held_until: float = 0.0
    error: str | None = None
    """Why this lane alone is held, or None."""


class DeliveryWorker(Worker):
    """Delivers to one sink. Its own thread calls everything but `state` and `wake`."""

    stall_after_s = 30.0
    """A step makes a few calls to the sink, each of which may take five seconds."""

    def __init__(
        self,
        sink: Sink,
        journal: DeliveryJournal,
        reader: DeliveryReader,
        clock: WallClock,
        describe: Callable[[], Heartbeat],
        rng: random.Random | None = None,
        *,
        read_ahead: bool = True,
    ) -> None:
        """`describe` gives the heartbeat of the moment; `rng` spreads the retries.

        `read_ahead` False keeps everything in one thread, as a simulation needs it.
        """
        super().__init__()
        self.name = f"delivery-{sink.name}"
        self._sink = sink
        self._journal = journal
        self._reader = reader
        self._clock = clock
        self._describe = describe
        self._readings = ReadingsFlow(sink, journal, reader, read_ahead)
        self._commands = CommandsFlow(sink, journal, reader)
        rng = rng or random.Random()
        self._lanes = tuple(
            _Lane(pump, Backoff(REFUSED_FIRST_S, REFUSED_CAP_S, rng))
            for pump in (Stream(self._readings).pump, Stream(self._commands).pump, self._beat)
        )
        self._backoff = Backoff(AWAY_FIRST_S, AWAY_CAP_S, rng)
        self._away: str | None = None
        self._held_until = 0.0
        self._beat_at = 0.0
        self._watch = SinkWatch(sink.name, clock)
        self._journal_id: str | None = None
        self._unsubscribe: tuple[Callable[[], None], ...] = ()

    def start_up(self) -> None:
        """Find out how far the sink has come. Raises `JournalError`: try again later."""
        self._journal.register_sink(self._sink.name)
        self._find_cursor()
        self._unsubscribe = (
            self._journal.subscribe(lambda _: self.wake()),
            self._journal.subscribe_commands(lambda _: self.wake()),
        )

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
                    self._find_cursor()
                took, more = lane.pump(now)
            except JournalError as error:
                return self._hold(now, f"the journal does not answer: {error}")
            except SinkUnavailable as error:
                if not error.misconfigured:
                    return self._hold(now, error.detail)
                self._hold_lane(lane, now, error.detail)
            except NotUnderstood as error:
                self._hold_lane(lane, now, str(error))
            else:
                if took:
                    self._worked(lane)
                if more:
                    wait_s = 0.0
        return wait_s

    def shut_down(self) -> None:
        """Deliver what is left, for two seconds at most and only if the sink works, and let go."""
        for cancel in self._unsubscribe:
            cancel()
        self._unsubscribe = ()
        try:
            self._sink.hasten(STOP_BUDGET_S)
            self._finish()
        finally:
            self._readings.close()
            self._sink.close()

    def state(self) -> DeliveryState:
        """Return a snapshot; from any thread."""
        condition = self._watch.current
        lag = self._lag_rows()
        oldest_ms = self._readings.oldest_ms if lag else None
        return DeliveryState(
            sink=self._sink.name,
            status=_status(condition, lag),
            lag_rows=lag,
            oldest_age_s=None if oldest_ms is None else (self._clock.wall_ms() - oldest_ms) / 1000,
            delivered=self._readings.delivered,
            duplicates=self._sink.duplicates,
            rejected=self._readings.rejected,
            commands_delivered=self._commands.delivered,
            commands_rejected=self._commands.rejected,
            error=condition.error if condition else None,
            last_error=condition.last_error if condition else None,
            since_ms=condition.since_ms if condition else None,
            retry_in_s=max(condition.held_until - self._clock.monotonic(), 0.0)
            if condition
            else 0.0,
        )

    def _find_cursor(self) -> None:
        """Begin where the journal says. Its rows count anew when its file had to be replaced."""
        # Asked first: what is committed in between is in both. A worker before this one may have put
        # readings aside that must not be sent now.
        row, version = self._journal.advanced(self._sink.name)
        stats = self._reader.stats()
        progress = stats.sinks.get(self._sink.name)
        if progress is not None:
            row, version = max(row, progress.row), max(version, progress.command_version)
        self._readings.begin(stats.journal_id, row)
        self._commands.begin(stats.journal_id, version)
        self._journal_id = stats.journal_id

    def _lag_rows(self) -> int:
        return max(self._journal.state().last_row - self._readings.cursor, 0)

    def _beat(self, now: float) -> tuple[bool, bool]:
        if now < self._beat_at:
            return False, False
        heartbeat = self._describe()
        try:
            self._sink.heartbeat(heartbeat)
        except SinkUnavailable:
            raise
        except Exception as error:
            raise NotUnderstood(f"the heartbeat fails: {type(error).__name__}: {error}") from error
        self._beat_at = now + HEARTBEAT_S
        return True, False

    def _hold(self, now: float, error: str) -> float:
        """Leave the sink alone for a while."""
        self._readings.pause()
        wait_s = self._backoff.failed()
        self._away = error
        self._held_until = now + wait_s
        # So that there is something to try, and the end of the condition is noticed.
        self._beat_at = now
        self._note()
        return wait_s

    def _hold_lane(self, lane: _Lane, now: float, error: str) -> None:
        self._readings.pause()
        lane.error = error
        lane.held_until = now + lane.backoff.failed()
        self._note()

    def _worked(self, lane: _Lane) -> None:
        lane.error = None
        lane.backoff.reset()
        self._away = None
        self._backoff.reset()
        self._note()

    def _note(self) -> None:
        held = [lane for lane in self._lanes if lane.error is not None]
        error = self._away or next((lane.error for lane in held), None)
        until = self._held_until
        if self._away is None:
            until = min((lane.held_until for lane in held), default=0.0)
        self._watch.note(error, until)

    def _finish(self) -> None:
        deadline = self._clock.monotonic() + STOP_BUDGET_S
        self._beat_at = 0.0
        while (now := self._clock.monotonic()) < deadline and self._works():
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
