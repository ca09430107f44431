"""History that begins in MongoDB and ends in the journal, on a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.history.history import History, HistoryUnavailable
from gateway.journal import Journal, JournalReader
from gateway.journal.types import Order
from gateway.model.limits import Limits
from gateway.model.reading import Reading
from gateway.model.windows import Aggregate, ChannelKind, WindowQuery, summed_up
from gateway.sinks.mongo.history import REST_S, MongoHistory
from tests.delivery.conftest import Database
from tests.delivery.mongo_sink import MongoSink
from tests.support.clock import FakeClock
from tests.support.mongod import Mongod

T0 = 1_700_000_000_000
UID = "0011223344556677"
COUNT = 100
KEPT_FROM = 60
"""The journal begins with this number; MongoDB has all up to a few further."""


def reading(seq: int, device: str = "d") -> Reading:
    uid = UID if device == "d" else "1" + UID[1:]
    return Reading(device, T0 + 1000 * seq, {"a": seq, "b": None}, uid=uid, boot=1, seq=seq)


class House:
    """A journal with the newer readings, a MongoDB with the older ones, and ten in both."""

    def __init__(self, folder: Path, sink: MongoSink, uri: str) -> None:
        self.clock = FakeClock()
        self.journal = Journal(folder / "all.db", clock=self.clock)
        self.journal.open()
        self.journal.append([reading(seq) for seq in range(1, KEPT_FROM + 10)])
        self.journal.append([reading(seq, "other") for seq in range(1, 10)])
        self.journal.step(1e6)
        with_all = JournalReader(folder / "all.db")
        assert not sink.deliver(with_all.readings_after(0, 1000))
        with_all.close()
        self.journal.close()
        self.journal = Journal(folder / "journal.db", clock=self.clock)
        self.journal.open()
        self.journal.append([reading(seq) for seq in range(KEPT_FROM, COUNT + 1)])
        self.journal.step(1e6)
        self.reader = JournalReader(folder / "journal.db")
        self.archive = MongoHistory(uri, "gateway", "pi-test", self.clock.monotonic)
        self.history = History(self.reader, self.archive)

    def close(self) -> None:
        self.archive.close()
        self.reader.close()
        self.journal.close()

    def pages(
        self, limit: int, order: Order, since: int | None = None, until: int | None = None
    ) -> list[int | None]:
        found: list[int | None] = []
        cursor = None
        while True:
            page = self.history.page(
                "d",
                None if since is None else T0 + 1000 * since,
                None if until is None else T0 + 1000 * until,
                limit,
                order,
                cursor,
            )
            assert page.complete
            assert len(page.readings) <= limit
            found += [one.reading.seq for one in page.readings]
            cursor = page.next
            if cursor is None:
                return found


@pytest.fixture
def house(
    tmp_path: Path, sink: MongoSink, shared_server: Mongod, database: Database
) -> Iterator[House]:
    house = House(tmp_path, sink, shared_server.uri)
    yield house
    house.close()


@pytest.mark.parametrize("limit", [1, 7, 20, 40, 41, 59, 60, 99, 100, 1000])
@pytest.mark.parametrize("order", list(Order))
def test_pages_go_through_both_as_through_one(house: House, limit: int, order: Order) -> None:
    everything = list(range(1, COUNT + 1))
    wanted = everything if order is Order.ASC else everything[::-1]
    assert house.pages(limit, order) == wanted
    assert house.pages(limit, order, 30, 80) == [seq for seq in wanted if 30 <= seq < 80]
    assert house.pages(limit, order, 10, 20) == [seq for seq in wanted if 10 <= seq < 20]
    assert house.pages(limit, order, 70) == [seq for seq in wanted if seq >= 70]


def test_an_old_reading_is_the_one_that_was_delivered(house: House) -> None:
    page = house.history.page("d", None, None, 1, Order.ASC, None)
    (found,) = page.readings
    assert (found.key, found.reading) == (f"{UID}-1-1", reading(1))


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_windows_go_through_both(house: House, order: Order, limit: int) -> None:
    query = WindowQuery(
        "d",
        {"a": ChannelKind.NUMBER},
        list(Aggregate),
        7000,
        T0 + 3000,
        T0 + 95_000,
        {"a": Limits(10, 80)},
    )
    wanted = list(summed_up([reading(seq) for seq in range(3, 95)], query))
    found = []
    cursor = None
    while True:
        page = house.history.window_page(query, limit, order, cursor)
        assert page.complete
        found += page.windows
        cursor = page.next
        if cursor is None:
            break
    assert (found if order is Order.ASC else found[::-1]) == wanted


def test_everything_in_one_go(house: House) -> None:
    found = [one.reading.seq for one in house.history.every("d", None, None, Order.DESC)]
    assert found == list(range(COUNT, 0, -1))


def test_what_the_journal_has_needs_no_database(tmp_path: Path, own_server: Mongod) -> None:
    sink = MongoSink(own_server.uri, "gateway", "pi-test")
    house = House(tmp_path, sink, own_server.uri)
    try:
        sink.close()
        own_server.kill()
        newer = house.history.page("d", T0 + 1000 * KEPT_FROM, None, 1000, Order.ASC, None)
        assert (len(newer.readings), newer.complete) == (COUNT - KEPT_FROM + 1, True)
        for order in Order:
            page = house.history.page("d", None, None, 1000, order, None)
            assert (len(page.readings), page.complete) == (COUNT - KEPT_FROM + 1, False)
        query = WindowQuery("d", {"a": ChannelKind.NUMBER}, [Aggregate.COUNT], 10_000, 0, 10**15)
        windows = house.history.window_page(query, 1000, Order.ASC, None)
        assert (len(windows.windows), windows.complete) == (5, False)
        with pytest.raises(HistoryUnavailable):
            list(house.history.every("d", None, None, Order.ASC))
        own_server.start()
        house.clock.advance(REST_S + 1)
        assert house.history.page("d", None, None, 1000, Order.ASC, None).complete
    finally:
        house.close()
