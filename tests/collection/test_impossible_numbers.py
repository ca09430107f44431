"""Frames with a right checksum and numbers that cannot be: refused, and the board is read on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arduino_iface.errors import WireError
from arduino_iface.frame import REPLY, Frame
from arduino_iface.messages import HelloReply, PollReply, RequestType
from arduino_iface.sample import AGE_MS_MAX
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from gateway.collection.poller import DevicePoller
from gateway.drivers.protocol.bounds import INTERVAL_MIN_MS
from gateway.model.reading import Loss, LossReason, Through
from gateway.model.registry import DeviceState
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board

POLL_REPLY = RequestType.POLL | REPLY
HELLO_REPLY = RequestType.HELLO | REPLY
Change = Callable[[PollReply], PollReply]


def attached(house: House, **options: object) -> DummyBoard:
    return make_board(house.clock, **({"request_max": 32, "reply_max": 32} | options))


def polls(change: Change) -> Callable[[Frame], Frame]:
    def changed(reply: Frame) -> Frame:
        if reply.type != POLL_REPLY:
            return reply
        return replace(reply, payload=change(PollReply.decode(reply.payload)).encode())

    return changed


def first_is(number: int) -> Callable[[Frame], Frame]:
    return polls(lambda reply: replace(reply, first=number))


def running(house: House, board: DummyBoard, seconds: float = 5.0) -> DevicePoller:
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(seconds, poller)
    assert house.state("greenhouse") is DeviceState.ONLINE
    return poller


def assert_nothing_is_missing(house: House, poller: DevicePoller, board: DummyBoard) -> None:
    house.run(15.0, poller)
    assert house.state("greenhouse") is DeviceState.ONLINE
    house.drain(poller, board)
    assert house.numbers("greenhouse") == list(range(1, board.samples_made + 1))
    assert (board.overwritten, house.view("greenhouse").health.lost) == (0, 0)


@pytest.mark.parametrize("number", [0, 1 << 31, (1 << 32) - 1, (1 << 32) - 2, 1_000_000, 2000])
@pytest.mark.parametrize("count", [0, None])
def test_a_number_that_cannot_be_is_no_loss_and_no_sample(
    house: House, number: int, count: int | None
) -> None:
    board = attached(house, ring_size=250)
    poller = running(house, board)

    def change(reply: PollReply) -> PollReply:
        if count is None:
            return replace(reply, first=number)
        return replace(reply, first=number, count=0, samples=b"")

    board.forge(polls(change))
    house.run(2.0, poller)
    assert house.state("greenhouse") in (DeviceState.LATE, DeviceState.OFFLINE)
    assert "sample" in (house.view("greenhouse").detail or "")
    board.forge(None)
    assert_nothing_is_missing(house, poller, board)


@pytest.mark.parametrize("number", [1 << 31, (1 << 32) - 1, 5000])
def test_the_first_number_ever_is_bounded_by_the_uptime(house: House, number: int) -> None:
    board = attached(house, ring_size=250)
    board.forge(first_is(number))
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(8.0, poller)
    assert house.stored() == []
    assert house.journal.next_seq(board.uid.hex(), 1) == 1
    board.forge(None)
    assert_nothing_is_missing(house, poller, board)


def test_after_a_restart_of_the_gateway_too(house: House, tmp_path: Path) -> None:
    board = attached(house, ring_size=250)
    poller = running(house, board)
    house.close()
    known = house.journal.next_seq(board.uid.hex(), 1)
    later = House(tmp_path / "journal.db", wire=house.transport, clock=house.clock)
    board.forge(first_is(1 << 31))
    poller = later.on_i2c("greenhouse", ADDRESS, None)
    later.run(5.0, poller)
    assert later.journal.next_seq(board.uid.hex(), 1) == known
    board.forge(None)
    assert_nothing_is_missing(later, poller, board)
    later.close()


@pytest.mark.parametrize("number", [1 << 31, (1 << 32) - 1])
def test_what_an_older_version_has_stored_is_mended(
    house: House, tmp_path: Path, number: int
) -> None:
    board = attached(house, ring_size=250)
    poller = running(house, board)
    known = [one.reading for one in house.stored()]
    wrong = replace(known[-1], seq=number, time_ms=known[-1].time_ms + 100)
    loss = Loss("greenhouse", LossReason.OVERWRITTEN, number - len(known) - 1, wrong.time_ms)
    through = Through(board.uid.hex(), 1, number + 1)
    house.run(2.0, poller)
    house.journal.append([wrong], [replace(loss, through=through)])
    house.close()
    assert house.journal.next_seq(board.uid.hex(), 1) == number + 1
    later = House(tmp_path / "journal.db", wire=house.transport, clock=house.clock)
    poller = later.on_i2c("greenhouse", ADDRESS, None)
    later.run(15.0, poller)
    assert later.state("greenhouse") is DeviceState.ONLINE
    later.drain(poller, board)
    numbers = [one for one in later.numbers("greenhouse") if one != number]
    assert numbers == list(range(1, board.samples_made + 1))
    later.close()


def test_a_true_loss_is_counted_as_before(house: House) -> None:
    board = attached(house, ring_size=16)
    poller = running(house, board)
    house.clock.advance(60.0)
    house.run(3.0, poller)
    assert house.state("greenhouse") is DeviceState.ONLINE
    house.drain(poller, board)
    stored = house.numbers("greenhouse")
    lost = house.view("greenhouse").health.lost
    assert len(stored) == len(set(stored))
    assert len(stored) + lost == board.samples_made
    assert 500 < lost <= board.overwritten


@pytest.mark.parametrize("age_ms", [AGE_MS_MAX, 3_600_000, 30_000])
def test_an_age_beyond_the_uptime_is_refused(house: House, age_ms: int) -> None:
    board = attached(house, ring_size=250)
    poller = running(house, board)

    def older(reply: PollReply) -> PollReply:
        return replace(reply, samples=age_ms.to_bytes(3, "little") + reply.samples[3:])

    board.forge(polls(lambda reply: older(reply) if reply.count else reply))
    house.run(2.0, poller)
    assert "ms old" in (house.view("greenhouse").detail or "")
    board.forge(None)
    assert_nothing_is_missing(house, poller, board)
    times = [one.reading.time_ms for one in house.stored()]
    assert max(times) - min(times) < 40_000


@pytest.mark.parametrize("number", [1 << 31, 0, 1, 20, 5000])
def test_one_wrong_frame_costs_no_sample(house: House, number: int) -> None:
    board = attached(house, ring_size=64)
    poller = running(house, board)
    wrong = iter([number])
    board.forge(polls(lambda reply: replace(reply, first=next(wrong, reply.first))))
    assert_nothing_is_missing(house, poller, board)


@pytest.mark.parametrize(
    ("sample_ms", "interval_s"), [(4294967295, 86400.0), (86400001, 86400.0), (1, 0.01), (20, 0.02)]
)
def test_a_board_is_asked_each_day_at_least_and_each_10_ms_at_most(
    house: House, sample_ms: int, interval_s: float
) -> None:
    text = f"gw 1\nname slow\nsample {sample_ms}\nchannel t u8 - 1 0\n"
    board = DummyBoard(text, eeprom=MemoryEeprom(), clock=house.clock)
    board.power_on()
    poller = house.on_i2c("slow", ADDRESS, board)
    house.run(3.0, poller)
    assert house.view("slow").interval_s == interval_s


U32 = st.integers(0, (1 << 32) - 1) | st.sampled_from([0, 1, 1 << 31, (1 << 32) - 1])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_valid_frame_raises_anything_else_or_moves_the_number_too_far(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    house = House(tmp_path_factory.mktemp("any") / "journal.db")
    board = attached(house)
    house.run(0.2)

    def anything(reply: Frame) -> Frame:
        kind = data.draw(st.sampled_from(["true", "numbers", "bytes"]))
        if kind == "true" or (kind == "numbers" and reply.type != POLL_REPLY):
            return reply
        if kind == "bytes":
            # Of a HELLO only the tail: with another uptime everything else would be possible.
            if reply.type == HELLO_REPLY:
                return reply
            return replace(reply, payload=data.draw(st.binary(max_size=27)))
        poll = PollReply.decode(reply.payload)
        changed = replace(
            poll,
            boot=data.draw(st.sampled_from([poll.boot, poll.boot + 1])),
            first=data.draw(U32),
            flags=type(poll.flags)(data.draw(st.integers(0, 255))),
        )
        return replace(reply, payload=changed.encode())

    board.forge(anything)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    for _ in range(8):
        try:
            poller.driver.collect()
        except WireError:
            poller.driver.forget()
        house.journal.step(house.clock.monotonic())
        house.clock.advance(0.3)
    uptime_ms = house.clock.monotonic() * 1000 - 1000_000
    assert house.journal.next_seq(board.uid.hex(), 1) <= 2 * uptime_ms / INTERVAL_MIN_MS + 300
    house.close()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_hello_raises_anything_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    house = House(tmp_path_factory.mktemp("any") / "journal.db")
    board = attached(house)
    house.run(0.2)

    def anything(reply: Frame) -> Frame:
        if data.draw(st.booleans()):
            return reply
        if reply.type != HELLO_REPLY:
            return replace(reply, payload=data.draw(st.binary(max_size=27)))
        hello = HelloReply.decode(reply.payload)
        changed = replace(
            hello,
            boot=data.draw(st.sampled_from([hello.boot, 0, 65535])),
            request_max=data.draw(st.integers(0, 255)),
            reply_max=data.draw(st.integers(0, 255)),
            flags=type(hello.flags)(data.draw(st.integers(0, 255))),
            uptime_ms=data.draw(U32),
        )
        return replace(reply, payload=changed.encode())

    board.forge(anything)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    for _ in range(5):
        try:
            poller.driver.collect()
        except WireError:
            poller.driver.forget()
        house.journal.step(house.clock.monotonic())
        house.clock.advance(0.3)
    house.close()
