"""Readings from before the clock was set: marked, held, and stamped again."""

import pytest

from gateway.journal import Journal, JournalReader
from gateway.journal.calendar import GRACE_S, Calendar
from gateway.journal.stamping import HOLD_MS
from gateway.model.reading import Quality, Reading
from tests.journal.conftest import MakeJournal
from tests.journal.records import UID, undelivered
from tests.journal.test_ledger import totals
from tests.support.clock import FakeClock

DAY_S = 86400.0


class SettableClock(FakeClock):
    """Its wall clock can be set while time passes; `right` says whether the gateway trusts it."""

    def __init__(self) -> None:
        super().__init__(wall_ms=10_000_000)
        self.right = False
        self.started = "00000000-0000-4000-8000-000000000001"

    def set_wall(self, wall_ms: int) -> None:
        self._wall_ms += wall_ms - self.wall_ms()

    def boot_id(self) -> str:
        return self.started

    def is_right(self) -> bool:
        return self.right


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


def taken(clock: SettableClock, seq: int, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(
        "greenhouse", clock.wall_ms(), {"n": seq}, quality, uid=UID, boot=1, seq=seq,
        boot_id=clock.boot_id(), boottime_ms=clock.boottime_ms(),
    )  # fmt: skip


def opened(make: MakeJournal, clock: SettableClock, *sinks: str) -> Journal:
    journal = make(clock_is_set=clock.is_right)
    journal.open()
    for sink in sinks:
        journal.register(sink, {"reading"})
    return journal


def store(journal: Journal, clock: SettableClock, *readings: Reading) -> None:
    journal.append(readings, urgent=True)
    journal.step(clock.monotonic())


def work(journal: Journal, clock: SettableClock, seconds: float) -> None:
    """Step as the writer's thread would, for so long."""
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        clock.advance(min(max(journal.step(clock.monotonic()), 0.01), 1.0))


RIGHT_MS = 1_800_000_000_000


def test_they_are_marked_held_and_stamped_again(
    make: MakeJournal, reader: JournalReader, clock: SettableClock
) -> None:
    journal = opened(make, clock, "mongo")
    for seq in range(1, 2501):
        quality = Quality.PARTIAL if seq == 7 else Quality.GOOD
        journal.append([taken(clock, seq, quality)])
        clock.advance(0.1)
    journal.step(clock.monotonic())
    shown = reader.readings_after(0, 10_000)
    assert {one.reading.quality for one in shown} == {Quality.CLOCK_UNSYNCED}
    assert undelivered(reader, "mongo") == []
    assert journal.state().unsynced_rows == 2500
    clock.set_wall(RIGHT_MS)
    clock.right = True
    store(journal, clock, taken(clock, 2501))
    assert undelivered(reader, "mongo") == []  # not before those that came earlier
    work(journal, clock, 20)
    stored = undelivered(reader, "mongo")
    assert [one.reading.seq for one in stored] == list(range(1, 2502))
    assert [one.reading.time_ms for one in stored[:-1]] == [
        RIGHT_MS - 250_000 + 100 * number for number in range(2500)
    ]
    assert stored[6].reading.quality is Quality.PARTIAL
    assert {one.reading.quality for one in stored} == {Quality.GOOD, Quality.PARTIAL}
    assert journal.state().unsynced_rows == 0
    assert totals(reader) == (2501, 2501, {})


def test_delivery_waits_no_longer_than_a_quarter_of_an_hour(
    make: MakeJournal, reader: JournalReader, clock: SettableClock
) -> None:
    journal = opened(make, clock, "mongo")
    store(journal, clock, taken(clock, 1))
    work(journal, clock, HOLD_MS / 1000 - 20)
    store(journal, clock, taken(clock, 2))
    assert undelivered(reader, "mongo") == []
    work(journal, clock, 40)
    (one,) = undelivered(reader, "mongo")
    assert (one.reading.seq, one.reading.quality) == (1, Quality.CLOCK_UNSYNCED)


def test_what_another_start_of_the_machine_left_goes_as_it_is(
    make: MakeJournal, reader: JournalReader, clock: SettableClock
) -> None:
    journal = opened(make, clock, "mongo")
    store(journal, clock, taken(clock, 1))
    journal.close()
    clock.started = "00000000-0000-4000-8000-000000000002"
    again = opened(make, clock, "mongo")
    store(again, clock, taken(clock, 2))
    clock.set_wall(RIGHT_MS)
    clock.right = True
    work(again, clock, 20)
    first, second = undelivered(reader, "mongo")
    assert first.reading.quality is Quality.CLOCK_UNSYNCED
    assert second.reading.quality is Quality.GOOD
    assert abs(second.reading.time_ms - RIGHT_MS) < 1000


def test_without_a_sink_they_wait_for_the_clock_and_age_does_not_take_them(
    make: MakeJournal, reader: JournalReader, clock: SettableClock
) -> None:
    journal = make(clock_is_set=clock.is_right, keep_s=DAY_S)
    journal.open()
    store(journal, clock, taken(clock, 1))
    clock.set_wall(RIGHT_MS)
    work(journal, clock, 3 * HOLD_MS / 1000)
    assert reader.stats().rows == 1
    clock.right = True
    work(journal, clock, 20)
    (one,) = reader.readings_after(0, 10)
    assert one.reading.quality is Quality.GOOD
    assert one.reading.time_ms == RIGHT_MS


@pytest.mark.parametrize("years", [-40, 40])
def test_a_clock_that_is_set_takes_nothing_and_changes_no_order(
    make: MakeJournal, reader: JournalReader, clock: SettableClock, years: int
) -> None:
    clock.right = True
    clock.set_wall(RIGHT_MS)
    journal = make(clock_is_set=clock.is_right, keep_s=7 * DAY_S)
    journal.open()
    journal.register("mongo", {"reading"})
    for seq in range(1, 11):
        store(journal, clock, taken(clock, seq))
        clock.advance(1)
    journal.advance("mongo", 10)
    work(journal, clock, 120)
    clock.set_wall(clock.wall_ms() + years * 365 * 86_400_000)
    store(journal, clock, taken(clock, 11))
    work(journal, clock, 7200)
    journal.close()
    journal.open()
    work(journal, clock, 7200)
    assert [one.reading.seq for one in reader.readings_after(0, 100)] == list(range(1, 12))
    assert [one.reading.seq for one in undelivered(reader, "mongo")] == [11]
    assert journal.next_seq(UID, 1) == 12
    assert totals(reader)[:2] == (11, 11)


def test_a_new_date_is_believed_when_it_lasts() -> None:
    calendar = Calendar(1000, 0.0)
    assert calendar.today(2000, 1.0) == 2000
    far = 10**12
    assert calendar.today(far, 2.0) == 3000
    assert calendar.today(far, 3.0 + GRACE_S) == far
    assert calendar.today(5000, 4.0 + GRACE_S) == 5000


def test_a_date_that_jumps_back_and_forth_is_not_believed() -> None:
    calendar = Calendar(1000, 0.0)
    for hour in range(60):
        mono = hour * 3600.0
        wall_ms = 10**12 if hour % 2 else 1000 + hour * 3_600_000
        assert calendar.today(wall_ms, mono) < 10**11
