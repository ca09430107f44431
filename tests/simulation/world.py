"""A whole simulation: one seed, one thread, boards and database outliving the gateway's processes."""

import contextlib
import heapq
import logging
import random
import secrets
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.journal.errors import JournalError
from gateway.journal.ticket import Ticket
from gateway.runtime.supervisor import WorkerState
from tests.simulation import conclusion, happenings
from tests.simulation.audit import Audit
from tests.simulation.clock import SimClock
from tests.simulation.disk import SimDisk
from tests.simulation.errors import Injected, Killed, Violation
from tests.simulation.hardware import Hardware
from tests.simulation.life import Life
from tests.simulation.orders import OrderBook
from tests.simulation.schedule import Event
from tests.simulation.sink import SimSink
from tests.simulation.threads import SimThread, SimTimer

SUPERVISION_S = 0.25
NESTING_MAX = 3
NESTED_CHANCE = 0.25
"""How often others work while somebody waits for a wire; always when the wait is a long one."""
LONG_WAIT_S = 0.02
NESTED_MAX_S = 4.0
"""How long others may work before whoever waits goes on: in one thread it is they who hold it up."""
HOLD_MAX_S = 0.05
"""Longest time that one transaction may hold a bus."""
WIRE_BUDGET_S = 1.0
"""Longest time on the shared wire that one tick of one device may cost the others."""


@dataclass(order=True)
class Timed:
    """Something to be done at a time."""

    at: float
    number: int
    what: Callable[[], None]


class World:
    """Everything. See `simulate`."""

    def __init__(self, seed: int, folder: Path, trace: Callable[[str], None] | None = None) -> None:
        self.rng = random.Random(seed)
        self.clock = SimClock()
        self.clock.passed = self._passed
        self.audit = Audit()
        self.folder = folder
        self.hardware = Hardware(folder, self.clock, self.rng, self.audit)
        self.disk = SimDisk(self.die, self.clock.sleep)
        self.sink = SimSink(
            random.Random(self.rng.getrandbits(32)), self.clock.sleep, self.audit.check_sent
        )
        self.orders = OrderBook()
        self.life: Life | None = None
        self.deaths = 0
        self.steps = 0
        self.calm = False
        """Whether the faults are over: then everything must go well."""
        self.queue_max = self.rng.choice((60, 300, 20_000))
        self.busy_devices: set[str] = set()
        self._trace = trace
        self._threads: list[SimThread] = []
        self._timers: list[SimTimer] = []
        self._later: list[Timed] = []
        self._number = 0
        self._depth = 0
        self._supervising = False
        self._supervise_at = 0.0
        self._start_at = self.clock.now
        self._commits_seen = -1
        self._journal_folder = folder / "life0"
        self._journal_folder.mkdir()

    # What happens, and when

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at that time."""
        self._number += 1
        heapq.heappush(self._later, Timed(when, self._number, what))

    def say(self, text: str) -> None:
        if self._trace is not None:
            self._trace(f"{self.clock.now - 1000:9.3f} {'  ' * self._depth}{text}")

    def plan(self, events: Sequence[Event]) -> None:
        """Let these events happen."""
        begin = self.clock.now
        for event in events:
            self.at(begin + event.at, lambda event=event: self._happen(event))  # type: ignore[misc]

    def cancel(self) -> None:
        """Nothing of what was planned happens any more."""
        self._later.clear()

    def run_until(self, end: float, done: Callable[[], bool] = lambda: False) -> bool:
        """Live on until then, or until it is `done`; whether it is."""
        while self.clock.now < end:
            try:
                if self.life is None and self.clock.now >= self._start_at:
                    self._start()
                while self._fresh_turn():
                    pass
            except Killed:
                self._bury()
            if done():
                return True
            self.clock.now = max(self.clock.now + 0.001, min(end, self._next_at()))
        return done()

    def _happen(self, event: Event) -> None:
        if not self.calm:
            self.say(f"EVENT {event}")
            happenings.HAPPENINGS[event.kind](self, dict(event.details))

    # One turn of somebody

    def _turn(self) -> bool:
        """Let one of those that are due do its work; whether anybody was."""
        choices = self._due()
        if not choices:
            return False
        self.steps += 1
        self.rng.choice(choices)()
        self._check()
        return True

    def _fresh_turn(self) -> bool:
        self._nested_left_s = NESTED_MAX_S
        return self._turn()

    def _due(self) -> list[Callable[[], None]]:
        now = self.clock.now
        due: list[Callable[[], None]] = []
        if self._later and self._later[0].at <= now:
            due.append(self._do_later)
        if self.life is None:
            return due
        if self._supervise_at <= now and not self._supervising:
            due.append(self._supervise)
        due += [thread.run for thread in self._threads if thread.is_due()]
        due += [
            lambda timer=timer: self._tick(timer)  # type: ignore[misc]
            for timer in self._timers
            if timer.is_due() and timer.name not in self.busy_devices
        ]
        return due

    def _next_at(self) -> float:
        times = [self._later[0].at] if self._later else []
        if self.life is None:
            times.append(self._start_at)
        else:
            times.append(self._supervise_at)
            times += [thread.due for thread in self._threads if thread.alive]
            times += [timer.due for timer in self._timers if timer.started]
        return min(times, default=self.clock.now + 1.0)

    def _do_later(self) -> None:
        heapq.heappop(self._later).what()

    def _tick(self, timer: SimTimer) -> None:
        self.busy_devices.add(timer.name)
        before = self.clock.wire_s
        self._own_wire.append(0.0)
        try:
            timer.tick()
        finally:
            self.busy_devices.discard(timer.name)
            nested = self._own_wire.pop()
        own = self.clock.wire_s - before - nested
        if own > WIRE_BUDGET_S:
            raise Violation(f"one tick of {timer.name} took the wire for {own:.2f} s")

    def _supervise(self) -> None:
        assert self.life is not None
        self._supervising = True
        try:
            working = self.life.supervisor.step(self.clock.now)
        finally:
            self._supervising = False
        self._threads = [thread for thread in self._threads if thread.alive]
        self._supervise_at = self.clock.now + SUPERVISION_S
        if not working:
            self.say("the supervisor gives up")
            self._fatal_is_right()
            self.stop()

    def _fatal_is_right(self) -> None:
        assert self.life is not None
        for view in self.life.supervisor.views().values():
            if view.state is WorkerState.FATAL and self.calm:
                raise Violation(f"the gateway ends without need: {view.name}: {view.detail}")

    def _passed(self) -> None:
        """Somebody waits: others may work meanwhile."""
        if self._depth >= NESTING_MAX or self.life is None:
            return
        if not self._depth:
            self._nested_until = self.clock.now + self._nested_left_s
        if self.clock.now >= self._nested_until:
            return  # whoever waits at the bottom of the stack cannot go on before the others end
        long_wait = self.clock.now - self._passed_at > LONG_WAIT_S
        self._passed_at = self.clock.now
        if not long_wait and self.rng.random() > NESTED_CHANCE:
            return
        self._depth += 1
        before, began = self.clock.wire_s, self.clock.now
        try:
            while self.clock.now < self._nested_until and self._turn():
                pass
        finally:
            self._depth -= 1
            if not self._depth:
                self._nested_left_s -= self.clock.now - began
            if self._own_wire:
                self._own_wire[-1] += self.clock.wire_s - before

    def wait_for(self, ticket: Ticket, timeout_s: float) -> bool:
        """Somebody waits for the disk."""
        deadline = self.clock.now + timeout_s
        while not ticket.done and self.clock.now < deadline:
            for thread in list(self._threads):
                if thread.worker.name == "journal" and thread.is_due():
                    thread.run()
                    self._check()
            if not ticket.done:
                self.clock.sleep(min(0.05, max(deadline - self.clock.now, 0.001)))
        return ticket.done

    # Life and death

    def _start(self) -> None:
        self.say("START")
        self.disk.revive()
        self._commits_seen = -1
        self.life = Life(self, self._journal_folder, self.queue_max)
        self.audit.watch(self.life.reader)
        self._supervise_at = self.clock.now + SUPERVISION_S
        self._supervising = True
        working = self.life.supervisor.start()
        self._supervising = False
        self._check()
        if not working:
            self._fatal_is_right()
            self.stop()

    def die(self) -> None:
        """The process is killed, here and now: the files stay as they are."""
        if not self.disk.dead:
            self.say("DIES")
            self.disk.kill()
            self.deaths += 1
            following = self.folder / f"life{self.deaths}"
            following.mkdir()
            for part in ("journal.db", "journal.db-wal"):
                source = self._journal_folder / part
                if source.exists():
                    shutil.copyfile(source, following / part)
            self._journal_folder = following
        raise Killed

    def stop(self) -> None:
        """The process ends in order, as far as it can."""
        assert self.life is not None
        self.say("STOPS")
        self._supervising = True
        self.life.supervisor.stop()
        self.die()

    def _bury(self) -> None:
        life, self.life = self.life, None
        self._threads.clear()
        self._timers.clear()
        self.busy_devices.clear()
        self._own_wire.clear()
        self._supervising = False
        self._depth = self.clock.on_wire = 0
        self._start_at = max(self._start_at, self.clock.now + self.rng.uniform(0.2, 3.0))
        self.audit.watch(None)
        if life is not None:
            self.audit.died(life.unqueued())
            life.close()

    def stay_down_until(self, when: float) -> None:
        """There is no power to start again with."""
        self._start_at = when

    # Of threads and timers

    def threads_of(self, worker: str) -> list[SimThread]:
        return [thread for thread in self._threads if thread.worker.name == worker]

    def add_thread(self, thread: SimThread) -> None:
        self._threads.append(thread)

    def add_timer(self, timer: SimTimer) -> None:
        if timer not in self._timers:
            self._timers.append(timer)

    def remove_timer(self, timer: SimTimer) -> None:
        if timer in self._timers:
            self._timers.remove(timer)

    def violated(self, what: str, cause: BaseException | None = None) -> None:
        raise Violation(f"{what}: {type(cause).__name__}: {cause}") from cause

    # Invariants

    def _check(self) -> None:
        life = self.life
        if life is None:
            return
        state = life.journal.state()
        if state.commits != self._commits_seen:
            self._commits_seen = state.commits
            self.audit.look()
        if state.queued > state.queue_max:
            raise Violation(f"{state.queued} readings queued, {state.queue_max} allowed")
        if self.hardware.wire.overlaps:
            raise Violation("two transactions at once on the I2C bus")
        for name, stats in life.buses.lock_stats().items():
            if name == "i2c1" and stats.hold_max_s > HOLD_MAX_S:
                raise Violation(f"{name} was held for {stats.hold_max_s:.3f} s at once")
        self.orders.check_acts()

    _own_wire: list[float]
    _passed_at = 0.0
    _nested_until = 0.0
    _nested_left_s = 0.0


@dataclass(frozen=True)
class Result:
    """How a simulation went; `violation` None: well."""

    seed: int
    violation: str | None
    made: int
    stored: int
    overwritten: int
    lost_at_reset: int
    deaths: int
    steps: int
    commands: int
    duplicates: int
    dead_letters: int


def simulate(
    seed: int,
    events: Sequence[Event],
    length_s: float,
    folder: Path,
    trace: Callable[[str], None] | None = None,
) -> Result:
    """Run one seed with these events. Raises nothing that is the gateway's fault."""
    violation: BaseException | None = None
    with _repeatable(seed), _listening(trace):
        world = World(seed, folder, trace)
        world._own_wire = []
        try:
            world.hardware.power_on()
            world.plan(events)
            world.run_until(world.clock.now + length_s)
            conclusion.conclude(world)
        except Violation as error:
            violation = error
        finally:
            world.disk.kill()
            if world.life is not None:
                world.life.close()
    if violation is not None and trace is not None and violation.__cause__ is not None:
        logging.getLogger("simulation").error("because of", exc_info=violation.__cause__)
    return _result(seed, world, None if violation is None else f"{violation}")


def _result(seed: int, world: World, violation: str | None) -> Result:
    boots = world.audit.boots.values()
    return Result(
        seed=seed,
        violation=violation and f"at {world.clock.now - 1000:.3f} s: {violation}",
        made=sum(boot.made for boot in boots),
        stored=sum(len(boot.stored) for boot in boots),
        overwritten=sum(len(boot.overwritten - boot.stored) for boot in boots),
        lost_at_reset=sum(len(boot.lost_at_reset - boot.stored) for boot in boots),
        deaths=world.deaths,
        steps=world.steps,
        commands=len(world.orders.deeds),
        duplicates=world.sink.duplicates,
        dead_letters=len(world.sink.hated),
    )


@contextlib.contextmanager
def _repeatable(seed: int) -> Iterator[None]:
    """Names that are random in production are drawn from the seed."""
    rng = random.Random(seed * 31 + 7)
    uuid4, token_hex = uuid.uuid4, secrets.token_hex
    uuid.uuid4 = lambda: uuid.UUID(int=rng.getrandbits(128), version=4)
    secrets.token_hex = lambda nbytes=None: rng.randbytes(nbytes or 8).hex()
    try:
        yield
    finally:
        uuid.uuid4, secrets.token_hex = uuid4, token_hex


class _Listener(logging.Handler):
    """What the gateway logs as a fault of its own is a violation."""

    def __init__(self, trace: Callable[[str], None] | None) -> None:
        super().__init__()
        self._trace = trace

    def emit(self, record: logging.LogRecord) -> None:
        if self._trace is not None:
            self._trace(f"{'':12}{record.levelname} {record.name}: {record.getMessage()}")
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, Injected | JournalError | OSError):
            raise Violation(
                f"logged: {record.getMessage()}: {type(error).__name__}: {error}"
            ) from error


@contextlib.contextmanager
def _listening(trace: Callable[[str], None] | None) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("gateway", "arduino_iface")]
    before = [(one.level, one.propagate) for one in loggers]
    handler = _Listener(trace)
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.INFO if trace else logging.WARNING)
        one.propagate = False
    try:
        yield
    finally:
        for one, (level, propagate) in zip(loggers, before, strict=True):
            one.removeHandler(handler)
            one.setLevel(level)
            one.propagate = propagate
