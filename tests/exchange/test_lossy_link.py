"""Board and gateway together through drops, duplicates, corruption, reboots and gateway restarts.

Every sample is stored exactly once, with its own value and time, or counted as overwritten.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from arduino_iface.errors import OutcomeUnknown, WireError
from dummy_hw.faults import Fault
from gateway.drivers.intake import Source
from gateway.drivers.protocol.intake import Intake
from gateway.journal.types import LastSample
from gateway.model.reading import Loss, Reading
from tests.exchange.boards import WIRES, Bench

SAMPLE_S = 0.1
RATES = {
    Fault.DROP_REQUEST: 0.06,
    Fault.DROP_REPLY: 0.06,
    Fault.DUPLICATE: 0.06,
    Fault.CORRUPT: 0.06,
    Fault.TRUNCATE: 0.04,
    Fault.SILENCE: 0.01,
    Fault.LATE_REPLY: 0.02,
    Fault.NACK: 0.04,
    Fault.REBOOT: 0.004,
    Fault.DISCONNECT: 0.01,
}


class Done:
    def wait(self, timeout_s: float) -> bool:
        return True


class ForgetfulStore:
    """A journal that commits when told; what it has queued is lost when the gateway restarts."""

    def __init__(self) -> None:
        self.stored: dict[tuple[int, int], Reading] = {}
        self.lost: dict[int, int] = defaultdict(int)
        self._next: dict[tuple[str, int], int] = {}
        self._queue: list[tuple[Sequence[Reading], Sequence[Loss], int]] = []
        self.boot = 0

    def append(self, readings: Sequence[Reading], losses: Sequence[Loss] = ()) -> Done:
        self._queue.append((readings, losses, self.boot))
        return Done()

    def flush(self) -> Done:
        self.commit()
        return Done()

    def last_sample(self, uid: str) -> LastSample | None:
        return None

    def next_seq(self, uid: str, boot: int) -> int:
        return self._next.get((uid, boot), 1)

    def commit(self) -> None:
        for readings, losses, boot in self._queue:
            self.lost[boot] += sum(loss.count for loss in losses)
            for reading in readings:
                assert reading.uid is not None
                assert reading.boot is not None
                assert reading.seq is not None
                identity = (reading.boot, reading.seq)
                assert identity not in self.stored, "delivered twice"
                self.stored[identity] = reading
                following = self._next.get((reading.uid, reading.boot), 1)
                assert reading.seq >= following, "delivered out of order"
                self._next[reading.uid, reading.boot] = reading.seq + 1
        self._queue.clear()

    def crash(self) -> None:
        self._queue.clear()


class Gateway:
    """The least that collects: identify, poll, take; whatever fails is tried again later."""

    def __init__(self, bench: Bench, store: ForgetfulStore) -> None:
        self.bench = bench
        self.store = store
        self.intake: Intake | None = None

    def restart(self) -> None:
        self.store.crash()
        self.intake = None
        self.bench.device.identity = None

    def turn(self) -> bool:
        """One poll; whether it worked and the board has nothing more."""
        try:
            if self.intake is None or self.bench.device.identity is None:
                self._identify()
            assert self.intake is not None
            polled = self.bench.device.poll(*self.intake.window())
            self.intake.take(polled)
        except WireError:
            self.bench.device.identity = None
            return False
        return not polled.more

    def _identify(self) -> None:
        identity = self.bench.device.identify()
        self.store.boot = identity.boot
        if self.intake is None or not self.intake.is_of(identity):
            self.intake = Intake(Source("bench", {}, True), identity, self.store, self.bench.clock)


events = st.lists(
    st.tuples(
        st.sampled_from(["poll", "poll", "poll", "commit", "wait", "restart", "command"]),
        st.integers(1, 30),
    ),
    min_size=10,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(
    wire=st.sampled_from(sorted(WIRES)),
    windowed=st.booleans(),
    ring=st.integers(2, 40),
    seed=st.integers(0, 2**32),
    script=events,
)
def test_every_sample_arrives_once_or_is_counted(
    wire: str, windowed: bool, ring: int, seed: int, script: list[tuple[str, int]]
) -> None:
    bench = WIRES[wire](windowed=windowed, ring_size=ring)
    # A fault plan is seeded when it is made; use up some chance so that seeds differ.
    bench.board.faults.set_rates(RATES)
    for _ in range(seed % 1000):
        bench.board.faults.next(frozenset())
    store = ForgetfulStore()
    gateway = Gateway(bench, store)
    tokens = sent = 0
    for action, amount in script:
        if action == "poll":
            gateway.turn()
        elif action == "commit":
            store.commit()
        elif action == "wait":
            bench.clock.advance(amount * SAMPLE_S)
        elif action == "restart":
            gateway.restart()
        elif bench.device.identity is not None:
            tokens += 1
            sent += command_once(bench, tokens)
    drain(bench, gateway, store)
    status = bench.board.status()
    assert status.executed.get("tare", 0) <= sent
    check_last_boot(bench, store, gateway)


def command_once(bench: Bench, token: int) -> int:
    before = bench.board.executed.get("tare", 0)
    try:
        bench.device.command(token, 1, b"", timeout_s=1.0)
    except OutcomeUnknown:
        bench.device.identity = None
    except WireError:
        bench.device.identity = None
        assert bench.board.executed.get("tare", 0) == before, "acted, though nothing was sent"
    assert bench.board.executed.get("tare", 0) - before <= 1, "acted twice"
    return 1


def drain(bench: Bench, gateway: Gateway, store: ForgetfulStore) -> None:
    """The weather clears; the board stops sampling and is read until it has nothing more."""
    bench.board.faults.clear()
    bench.board.freeze(True)
    bench.clock.advance(2.0)
    for _ in range(2000):
        finished = gateway.turn()
        store.commit()
        if finished:
            gateway.turn()
            store.commit()
            return
    raise AssertionError("the board never said that it has nothing more")


def check_last_boot(bench: Bench, store: ForgetfulStore, gateway: Gateway) -> None:
    status = bench.board.status()
    boot = status.boot
    kept = {seq for made_in, seq in store.stored if made_in == boot}
    assert len(kept) + store.lost[boot] == status.next_seq - 1
    assert status.samples_made == (
        status.acknowledged + status.overwritten + status.lost_at_reset + status.held
    )
    for (made_in, seq), reading in store.stored.items():
        assert reading.values["temperature"] == 21.5
        assert reading.values["ticks"] in (seq - 2, seq - 1, seq), (made_in, seq, reading.values)
    for earlier, later in pairwise(sorted(kept)):
        apart_ms = store.stored[boot, later].time_ms - store.stored[boot, earlier].time_ms
        # A reply that had to be asked for three times is dated by its first request.
        assert abs(apart_ms - (later - earlier) * SAMPLE_S * 1000) <= 1500
    assert gateway.intake is not None
