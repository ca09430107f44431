"""Sampling, overwriting, acknowledging and windows, against a model that keeps every sample."""

from hypothesis import given, settings
from hypothesis import strategies as st

from arduino_iface.messages import PollFlag
from arduino_iface.sample import unpack_samples
from tests.dummy_hw.boards import ADDRESS, Asker, make
from tests.support.clock import FakeClock

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 9000), st.just(0)),
        st.tuples(st.just("poll"), st.integers(-3, 12), st.integers(0, 9)),
        st.tuples(st.just("foreign"), st.integers(0, 12), st.integers(0, 9)),
        st.tuples(st.just("reset"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


class _Model:
    """Numbers of the samples a board holds, by lists."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: list[int] = []
        self.made = 0
        self.overwritten = 0
        self.since_ms = 0
        self.pass_time(0)

    def pass_time(self, ms: int) -> None:
        self.since_ms += ms
        while self.made * 1000 <= self.since_ms:
            self.made += 1
            self.held.append(self.made)
            if len(self.held) > self.size:
                self.held.pop(0)
                self.overwritten += 1

    def poll(self, next_seq: int, skip: int, room: int) -> tuple[int, list[int], bool]:
        if next_seq > self.made + 1:
            return self.answer(0, room)
        self.held = [seq for seq in self.held if seq >= next_seq]
        return self.answer(next_seq + skip, room)

    def answer(self, start: int, room: int) -> tuple[int, list[int], bool]:
        wanted = [seq for seq in self.held if seq >= start]
        sent = wanted[:room]
        return (sent[0] if sent else self.made + 1), sent, len(wanted) > len(sent)

    def reset(self) -> None:
        self.held, self.made, self.since_ms = [], 0, 0
        self.pass_time(0)


# A busy machine is no failure.
@settings(deadline=None)
@given(steps=_STEPS, size=st.integers(1, 12), address=st.sampled_from([0, ADDRESS]))
def test_against_the_model(steps: list[tuple[str, int, int]], size: int, address: int) -> None:
    clock = FakeClock(start=0.0)
    board = make(clock, ring_size=size)
    asker, model = Asker(board, address), _Model(size)
    room = ((32 if address else 250) - 13) // board.schema.sample_size
    for kind, number, skip in steps:
        if kind == "pass":
            clock.advance(number / 1000)
            model.pass_time(number)
            continue
        if kind == "reset":
            board.reset()
            model.reset()
            continue
        if kind == "poll":
            next_seq = max(model.made - 4 + number, 0)
            reply = asker.poll(next_seq, skip)
            expected = model.poll(next_seq, skip, room)
        else:
            reply = asker.poll(number, skip, boot=board.boot + 1)
            expected = model.answer(0, room)
        samples = unpack_samples(board.schema, reply)
        seen = (reply.first, [sample.seq for sample in samples], bool(reply.flags & PollFlag.MORE))
        assert seen == expected
        for sample in samples:
            assert sample.values == {"temperature": 21.5, "pulses": sample.seq - 1}
            assert sample.age_ms == model.since_ms - (sample.seq - 1) * 1000
    status = board.status()
    assert (status.held, status.overwritten) == (len(model.held), model.overwritten)
    assert status.samples_made == (
        status.acknowledged + status.overwritten + status.lost_at_reset + status.held
    )


def test_a_long_absence_costs_nothing_and_is_counted_exactly() -> None:
    clock = FakeClock()
    board = make(clock, ring_size=10)
    clock.advance(10_000_000.5)
    reply = Asker(board).poll(1)
    assert (reply.first, reply.count) == (9_999_992, 10)
    assert board.overwritten == 9_999_991
    assert board.samples_made == 10_000_001
