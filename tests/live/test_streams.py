"""Streams over a real journal: nothing twice, nothing left out."""

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.journal import Journal, JournalReader
from gateway.journal.types import StoredCommand
from gateway.live.feed import Event, EventFeed, EventType, Position
from gateway.live.stream import Events, EventStream
from gateway.live.worker import EventWorker
from gateway.model.command import CommandState
from gateway.model.reading import StoredReading
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry
from tests.journal.records import command, sample
from tests.support.clock import FakeClock

MADE = Path(__file__).parents[1] / "journal" / "made_by_0_1_0"
VIEW = DeviceView("greenhouse", "i2c1", 16, "protocol", DeviceState.ONLINE, 1.0)


@dataclass
class House:
    """A journal, a registry and a feed, as the gateway wires them; `restart` keeps only the file."""

    path: Path
    kept: int = 4096

    def __post_init__(self) -> None:
        self.seq = 0
        self.start()

    def start(self) -> None:
        self.journal = Journal(self.path, clock=FakeClock())
        self.journal.open()
        self.reader = JournalReader(self.path)
        self.registry = Registry()
        self.feed = EventFeed(
            self.registry.get, lambda: self.journal.state().journal_id, kept=self.kept
        )
        self.journal.follow(self.feed.publish)
        self.registry.subscribe(self.feed.publish_device)
        self.events = Events(self.feed, self.reader)

    def close(self) -> None:
        self.reader.close()
        self.journal.close()

    def restart(self) -> None:
        self.close()
        self.start()

    def read(self, count: int = 1, device: str = "greenhouse") -> None:
        readings = []
        for _ in range(count):
            self.seq += 1
            readings.append(sample(self.seq, device=device))
        self.journal.append(readings)
        self.commit()

    def command(self, number: int, state: CommandState) -> None:
        self.journal.save_command(command(number, state))
        self.commit()

    def commit(self) -> None:
        self.journal.flush()
        self.journal.step(1e6)

    def open(self, last: str | None = None, *types: str, device: str = "") -> EventStream:
        return self.events.open(
            last, frozenset([device]) if device else None, frozenset(types) or None
        )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "journal.db")
    yield house
    house.close()


def drain(stream: EventStream) -> list[Event]:
    """All there is now: until nothing comes and nothing moves."""
    taken: list[Event] = []
    quiet = 0
    while quiet < 2:
        before = stream.position
        events = stream.take(0.0, lambda: False)
        taken += events
        quiet = 0 if events or stream.position != before else quiet + 1
    return taken


def told(events: list[Event]) -> list[object]:
    """Sample number of a reading, id and state of a command, state of a device."""
    found: list[object] = []
    for event in events:
        if isinstance(event.item, StoredReading):
            found.append(event.item.reading.seq)
        elif isinstance(event.item, StoredCommand):
            found.append((event.item.record.id, str(event.item.record.state)))
        else:
            found.append(str(event.item.state))
    return found


def test_a_new_stream_begins_now_and_tells_everything_in_order(house: House) -> None:
    house.read(3)
    stream = house.open()
    assert drain(stream) == []
    house.read(2)
    house.command(1, CommandState.SENT)
    house.command(1, CommandState.DONE)
    house.registry.publish(VIEW)
    house.read()
    assert told(drain(stream)) == [4, 5, ("c1", "sent"), ("c1", "done"), "online", 6]


def test_a_device_that_is_as_before_is_no_news(house: House) -> None:
    stream = house.open()
    house.registry.publish(VIEW)
    for polls in range(3):
        house.registry.publish(
            replace(VIEW, health=DeviceHealth(polls=polls), last_seen_ms=polls, last_seen_mono=1.0)
        )
    house.registry.publish(replace(VIEW, state=DeviceState.LATE))
    assert told(drain(stream)) == ["online", "late"]


def test_filters_by_type_and_device(house: House) -> None:
    readings = house.open(None, EventType.READING, device="vehicle")
    commands = house.open(None, EventType.COMMAND)
    house.read(1, "vehicle")
    house.read(1, "greenhouse")
    house.command(1, CommandState.QUEUED)
    assert told(drain(readings)) == [1]
    assert told(drain(commands)) == [("c1", "queued")]
    assert told(drain(house.open(str(Position()), "reading", device="vehicle"))) == [1]


@pytest.mark.parametrize("restart", [False, True])
def test_who_comes_back_gets_what_was_missed_and_then_what_is_new(
    house: House, restart: bool
) -> None:
    stream = house.open()
    house.registry.publish(VIEW)
    house.read(2)
    last = drain(stream)[-1].position
    house.read(450)
    house.command(1, CommandState.SENT)
    house.command(1, CommandState.DONE)
    if restart:
        house.restart()
        house.registry.publish(VIEW)
    back = house.open(str(last))
    house.read(2)
    seen = told(drain(back))
    samples = [one for one in seen if isinstance(one, int)]
    assert samples == list(range(3, 455))
    assert seen.count(("c1", "done")) == 1
    # Changes of devices are not stored: after a restart each counts as changed.
    assert seen.count("online") == (1 if restart else 0)


def test_who_does_not_keep_up_goes_on_in_the_journal(tmp_path: Path) -> None:
    house = House(tmp_path / "journal.db", kept=8)
    stream = house.open()
    house.registry.publish(VIEW)
    house.registry.publish(replace(VIEW, state=DeviceState.LATE))
    for _ in range(30):
        house.read()
    house.command(1, CommandState.DONE)
    # A device is told as it is; what it was in between is not kept for anybody.
    assert told(drain(stream)) == [*range(1, 31), ("c1", "done"), "late"]
    house.close()


def test_another_journal_is_told_from_its_beginning(house: House) -> None:
    house.read(3)
    place = Position("another", 900, "run", 900)
    assert told(drain(house.open(str(place)))) == [1, 2, 3]


def test_an_id_from_the_future_is_cut_to_the_present(house: House) -> None:
    house.read(3)
    journal = house.journal.state().journal_id
    stream = house.open(str(Position(journal, 10**15, "x", 10**15)))
    assert drain(stream) == []
    house.read(1)
    assert told(drain(stream)) == [4]


def test_one_commit_is_told_in_the_order_of_its_numbers(house: House) -> None:
    stream = house.open()
    house.journal.save_command(command(1, CommandState.SENT))
    house.journal.append([sample(1)])
    house.journal.save_command(command(1, CommandState.DONE))
    house.journal.append([sample(2)])
    house.commit()
    assert told(drain(stream)) == [("c1", "sent"), 1, ("c1", "done"), 2]
    # Read from the journal, where a command has only its last state.
    back = house.open(str(Position(house.journal.state().journal_id)))
    assert told(drain(back)) == [1, ("c1", "done"), 2]


def test_an_id_of_0_1_0_goes_on_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(gzip.decompress((MADE / "boards-3.db.gz").read_bytes()))
    house = House(path)
    journal = house.journal.state().journal_id
    events = drain(house.open(f"{journal}.55.10.0a1b2c3d.7"))
    rows = [event.item.row for event in events if isinstance(event.item, StoredReading)]
    assert rows == [56, 57, 58, 59, 60]
    commands = {one.item.record.id for one in events if isinstance(one.item, StoredCommand)}
    assert commands >= {"c-refused", "c-failed", "c-expired", "c-unknown", "c-queued", "c-sent"}
    house.close()


@pytest.mark.parametrize(
    "text", ["", "1", "a.b.c.d.e", "j.1.2.r.-3", "j.1.2.r.3.4", "j.9999999999999999999.1.r.1", "é.1.1.r.1",
     "j.1.x.r.1", "j.1.r"]
)  # fmt: skip
def test_what_is_no_id_is_refused(house: House, text: str) -> None:
    with pytest.raises(ValueError, match="not an event id"):
        house.open(text)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(1, 5)),
        st.tuples(st.just("command"), st.integers(1, 3)),
        st.tuples(st.just("take"), st.just(0)),
        st.tuples(st.just("leave"), st.booleans()),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=30,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, kept=st.integers(1, 12))
def test_no_gap_and_no_duplicate_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], kept: int
) -> None:
    house = House(tmp_path_factory.mktemp("j") / "journal.db", kept=kept)
    stream = house.open(None, "reading")
    seen: list[Event] = []
    place = stream.position

    def take(until: Callable[[list[Event]], list[Event]]) -> None:
        nonlocal place
        taken = until(drain(stream))
        seen.extend(taken)
        place = taken[-1].position if taken else place

    for what, how in steps:
        if what == "read":
            house.read(how)
        elif what == "command":
            house.command(how, CommandState.SENT)
        elif what == "take":
            take(lambda events: events)
        else:
            # The connection breaks: perhaps only the first half of what was sent has arrived.
            take(lambda events, half=bool(how): events[: len(events) // 2] if half else events)  # type: ignore[misc]
            if what == "restart":
                house.restart()
            stream = house.open(str(place), "reading")
    take(lambda events: events)
    assert told(seen) == list(range(1, house.seq + 1))
    house.close()


def test_a_paced_feed_wakes_its_listeners_when_it_is_announced(house: House) -> None:
    feed = EventFeed(house.registry.get, lambda: "j", paced=True)
    house.registry.subscribe(feed.publish_device)
    worker = EventWorker(feed)
    assert not feed.wait_unannounced(0.0)
    house.registry.publish(VIEW)
    worker.wait(30.0)  # there is news, so it does not last
    woken = threading.Event()

    def listen() -> None:
        feed.wait(1, 30.0, woken.is_set)

    listener = threading.Thread(target=listen)
    listener.start()
    woken.set()
    worker.step(0.0)
    listener.join(10.0)
    assert not listener.is_alive()
    assert not feed.wait_unannounced(0.0)
