"""Samples: numbered, kept until acknowledged, lost only visibly."""

import struct
from dataclasses import dataclass

import pytest

from tests.firmware.conftest import SAMPLE_LENGTH, Bench
from tests.support.avr import wait_until
from tests.support.reference import DONE, POLL, SET_INTERVAL, Poll

RING = 11  # samples that TestNode holds


@dataclass
class Polling:
    """A gateway's part of polling: boot and the lowest number that is not stored."""

    bench: Bench
    boot: int
    next: int = 1

    def ask(self, *, skip: int | None = None) -> Poll:
        poll = self.bench.client.poll(self.boot, self.next, SAMPLE_LENGTH, skip=skip)
        assert poll.boot == self.boot
        return poll

    def wait_for(self, count: int) -> None:
        """Until that many samples are waiting."""
        wait_until(
            lambda: bool(self.ask(skip=count - 1).samples), 20, f"no {count} samples are waiting"
        )

    def hold(self) -> int:
        """Sample so seldom that nothing is overwritten however slow this machine is; the oldest sample."""
        assert self.bench.client.command(1, SET_INTERVAL, struct.pack("<I", 10_000)) == DONE
        return self.ask().first


@pytest.fixture
def polling(bench: Bench) -> Polling:
    return Polling(bench, bench.client.hello().boot)


def test_every_sample_comes_once_and_in_order(polling: Polling) -> None:
    numbers: list[int] = []
    while len(numbers) < 20:
        poll = polling.ask()
        assert poll.first == polling.next
        numbers += [sample.number for sample in poll.samples]
        polling.next += len(poll.samples)
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_not_acknowledged_comes_again(polling: Polling) -> None:
    polling.wait_for(2)
    oldest = polling.hold()
    first, again = polling.ask(), polling.ask()
    assert first.samples[0].number == again.samples[0].number == oldest
    assert first.samples[0].packed == again.samples[0].packed
    assert again.samples[0].age_ms > first.samples[0].age_ms


def test_another_boot_is_answered_but_forgets_nothing(polling: Polling) -> None:
    polling.wait_for(3)
    oldest = polling.hold()
    stranger = polling.bench.client.poll(polling.boot + 1, oldest + 2, SAMPLE_LENGTH)
    assert stranger.boot == polling.boot
    assert stranger.first == oldest
    assert polling.ask().first == oldest


def test_the_future_cannot_be_acknowledged(polling: Polling) -> None:
    polling.wait_for(2)
    oldest = polling.hold()
    polling.next = 1000
    assert polling.ask().first == oldest


def test_a_window_reads_on_while_nothing_is_stored_yet(polling: Polling) -> None:
    polling.wait_for(6)
    oldest = polling.next = polling.hold()
    received: list[int] = []
    while len(received) < 6:
        poll = polling.ask(skip=len(received))
        assert poll.first == oldest + len(received)
        received += [sample.number for sample in poll.samples]
    assert received == list(range(oldest, oldest + len(received)))
    assert polling.ask().first == oldest  # all are still kept
    polling.next = oldest + 3
    assert polling.ask(skip=2).first == oldest + 5
    polling.next = oldest
    assert polling.ask().first == oldest + 3


def test_a_window_beyond_the_newest_is_empty(polling: Polling) -> None:
    poll = polling.ask(skip=60000)
    assert poll.samples == []
    assert not poll.more
    assert poll.first >= 1


def test_overwritten_samples_are_counted(polling: Polling) -> None:
    wait_until(lambda: polling.ask().first > 5, 20, "nothing was overwritten")
    poll = polling.ask()
    lost = poll.first - polling.next
    assert lost > 4
    numbers: list[int] = []
    polling.next = poll.first
    while not numbers or poll.more:
        poll = polling.ask()
        lost += poll.first - polling.next
        numbers += [sample.number for sample in poll.samples]
        polling.next = poll.first + len(poll.samples)
    assert len(numbers) >= RING - 1
    assert numbers[-1] == len(numbers) + lost


def test_values_are_those_of_the_inputs(polling: Polling) -> None:
    uno = polling.bench.uno
    uno.ask("adc", 0, 2500)
    uno.ask("adc", 1, 1000)
    uno.ask("drive", "D4", 1)

    def newest() -> tuple[int, ...]:
        poll = polling.ask()
        polling.next = poll.first + len(poll.samples)
        return struct.unpack("<hHiBB", poll.samples[-1].packed) if poll.samples else ()

    wait_until(lambda: newest() == (2495, 204, 0, 0xFF, 1), 20, "the inputs do not arrive")
    uno.ask("adc", 1, 4999)
    uno.ask("drive", "D4", 0)
    wait_until(lambda: newest() == (2495, 1022, 0, 0xFF, 0), 20, "the change does not arrive")


def test_ages_are_those_of_the_samples(polling: Polling) -> None:
    polling.wait_for(5)
    ages: list[int] = []
    for skip in range(4):
        poll = polling.ask(skip=skip)
        ages.append(poll.samples[0].age_ms)
    # One sample every 50 ms, and each poll a little later than the one before.
    assert ages == sorted(ages, reverse=True)
    assert 150 <= ages[0] < 10000


def test_the_sampling_interval_can_be_set(polling: Polling) -> None:
    client = polling.bench.client
    assert client.command(1, SET_INTERVAL, struct.pack("<I", 20)) == DONE
    polling.next = polling.ask(skip=60000).first
    polling.wait_for(3)
    first, second = (polling.ask(skip=skip).samples[0] for skip in (1, 2))
    before = polling.bench.uno.facts("stat")["us"]
    polling.wait_for(8)
    elapsed_ms = (polling.bench.uno.facts("stat")["us"] - before) / 1000
    assert second.number == first.number + 1
    assert elapsed_ms < 20 * 8 + 50  # with 50 ms it would be 250 at least
    for interval_ms in (0, 9, 86400001, 0xFFFFFFFF):
        assert (
            client.command(2 + interval_ms % 999, SET_INTERVAL, struct.pack("<I", interval_ms)) == 3
        )


def test_a_repeated_request_gets_the_same_reply(polling: Polling) -> None:
    client = polling.bench.client
    payload = struct.pack("<HI", polling.boot, 1)
    first = client.request(POLL, payload, seq=200)
    polling.wait_for(3)
    client.request(POLL, payload, seq=201)
    again = client.request(POLL, payload, seq=201)
    fresh = client.request(POLL, payload, seq=202)
    assert fresh != again
    assert first != fresh
