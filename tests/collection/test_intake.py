"""From samples to readings: the window, losses, refusals, and a boot counter that repeats."""

from collections.abc import Sequence

import pytest

from arduino_iface import schema
from arduino_iface.device import Identity, Polled
from arduino_iface.errors import ProtocolMismatch
from arduino_iface.sample import Sample
from gateway.drivers.intake import Source
from gateway.drivers.protocol.intake import SKIP_MAX, Intake
from gateway.journal.errors import JournalFull
from gateway.journal.types import LastSample
from gateway.model.reading import Loss, LossReason, Quality, Reading
from tests.exchange.boards import SCHEMA
from tests.support.clock import FakeClock

UID = "0011223344556677"


class Ticket:
    def wait(self, timeout_s: float) -> bool:
        return True


class Store:
    """Takes what fits, and stores it when told."""

    def __init__(self, stored_below: int = 1, room: int = 1000) -> None:
        self.stored_below = stored_below
        self.room = room
        self.readings: list[Reading] = []
        self.losses: list[Loss] = []

    def append(self, readings: Sequence[Reading], losses: Sequence[Loss] = ()) -> Ticket:
        if len(self.readings) + len(readings) > self.room:
            raise JournalFull("no room")
        assert all(loss.count > 0 for loss in losses)
        self.readings += readings
        self.losses += losses
        return Ticket()

    def flush(self) -> Ticket:
        raise AssertionError("an intake does not flush")

    def last_sample(self, uid: str) -> LastSample | None:
        return None

    def next_seq(self, uid: str, boot: int) -> int:
        assert (uid, boot) == (UID, 5)
        return self.stored_below

    def numbers(self) -> list[int | None]:
        return [reading.seq for reading in self.readings]


def identity(*, windowed: bool = True, boot: int = 5, uid: str = UID) -> Identity:
    return Identity(uid, boot, schema.parse(SCHEMA), windowed, 32, 32)


def make(store: Store, *, windowed: bool = True) -> Intake:
    source = Source("greenhouse", {"room": "A"}, True)
    return Intake(source, identity(windowed=windowed), store, FakeClock())


def polled(first: int, count: int, *, more: bool = False, sent: float = 1000.0) -> Polled:
    samples = [
        Sample(seq, (first + count - seq) * 100, {"ticks": seq, "temperature": 21.5})
        for seq in range(first, first + count)
    ]
    return Polled(first, samples, more, False, sent)


def test_what_is_received_and_not_stored_is_skipped_not_forgotten() -> None:
    store = Store(stored_below=10)
    intake = make(store)
    assert intake.window() == (10, 0)
    assert intake.take(polled(10, 4)) == 4
    assert intake.window() == (10, 4)
    store.stored_below = 14
    assert intake.window() == (14, 0)


def test_a_board_without_a_window_is_asked_from_what_is_stored() -> None:
    store = Store()
    intake = make(store, windowed=False)
    assert intake.take(polled(1, 3, more=True)) == 3
    assert intake.window() == (1, 0)
    assert intake.take(polled(1, 5)) == 2
    assert store.numbers() == [1, 2, 3, 4, 5]
    assert store.losses == []


def test_no_more_is_skipped_than_the_request_can_say() -> None:
    intake = make(Store())
    intake.take(Polled(SKIP_MAX + 100, [], False, False, 1000.0))
    assert intake.window() == (1, SKIP_MAX)


def test_a_gap_is_counted_once_and_never_again() -> None:
    store = Store()
    intake = make(store)
    assert intake.take(polled(5, 2)) == 2
    assert [(loss.reason, loss.count) for loss in store.losses] == [(LossReason.OVERWRITTEN, 4)]
    assert intake.lost == 4
    assert intake.take(polled(5, 2)) == 0
    assert intake.take(polled(7, 1)) == 1
    assert len(store.losses) == 1
    assert store.numbers() == [5, 6, 7]


def test_a_loss_without_a_sample_is_told_too() -> None:
    store = Store()
    assert make(store).take(polled(8, 0)) == 0
    assert [loss.count for loss in store.losses] == [7]


def test_a_full_journal_takes_nothing_and_the_samples_are_asked_for_again() -> None:
    store = Store(room=2)
    intake = make(store)
    with pytest.raises(JournalFull):
        intake.take(polled(3, 3))
    assert (intake.lost, store.readings, store.losses) == (0, [], [])
    assert intake.window() == (1, 0)
    store.room = 10
    assert intake.take(polled(3, 3)) == 3
    assert intake.lost == 2
    assert store.numbers() == [3, 4, 5]


@pytest.mark.parametrize("count", [0, 3])
def test_a_boot_counter_that_repeats_is_found_out(count: int) -> None:
    store = Store(stored_below=50)
    with pytest.raises(ProtocolMismatch, match="boot counter repeats"):
        make(store).take(polled(4, count))
    assert store.readings == []


def test_a_full_answer_below_what_is_stored_is_no_repetition() -> None:
    """A board without a window was asked before a commit, and answers after it."""
    store = Store(stored_below=40)
    intake = make(store, windowed=False)
    assert intake.window() == (40, 0)
    intake.take(polled(40, 10))
    store.stored_below = 50
    assert intake.take(polled(40, 3, more=True)) == 0


def test_a_board_that_starts_over_in_the_same_boot_is_refused_also_when_it_has_more() -> None:
    """It knows nothing of the number it is asked for, and answers from its oldest."""
    intake = make(Store(stored_below=50))
    assert intake.window() == (50, 0)
    with pytest.raises(ProtocolMismatch, match="boot counter repeats"):
        intake.take(polled(1, 2, more=True))


def test_readings_carry_where_when_and_how_good() -> None:
    store = Store()
    intake = make(store)
    sent = Polled(1, [Sample(1, 250, {"ticks": None, "temperature": 1.5})], False, False, 999.5)
    intake.take(sent)
    (reading,) = store.readings
    assert reading.time_ms == 1_700_000_000_000 - 500 - 250
    assert reading.boottime_ms == 1_000_000 - 500 - 250
    assert reading.quality is Quality.PARTIAL
    assert reading.key == f"{UID}-5-1"
    assert (reading.device, reading.metadata, reading.simulated) == (
        "greenhouse",
        {"room": "A"},
        True,
    )


def test_only_the_same_boot_of_the_same_board_goes_on() -> None:
    intake = make(Store())
    assert intake.is_of(identity())
    assert not intake.is_of(identity(boot=6))
    assert not intake.is_of(identity(uid="ff11223344556677"))


def test_metadata_that_is_set_later_is_on_readings_from_then_on() -> None:
    store = Store()
    labels: list[dict[str, str] | None] = [None]
    source = Source("greenhouse", {"room": "A"}, True, lambda: labels[0])
    intake = Intake(source, identity(), store, FakeClock())
    intake.take(polled(1, 1))
    labels[0] = {"room": "B"}
    intake.take(polled(2, 1))
    labels[0] = {}
    intake.take(polled(3, 1))
    assert [reading.metadata for reading in store.readings] == [{"room": "A"}, {"room": "B"}, {}]
