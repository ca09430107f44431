"""The golden frames, read and written by the gateway's side; the C++ is held against the same file."""

import random
from typing import Any

import pytest

from arduino_iface import cobs, frame, messages
from arduino_iface.crc import crc16
from arduino_iface.deframer import Deframer, enframe
from arduino_iface.errors import BadFrame
from arduino_iface.frame import Frame
from arduino_iface.messages import (
    CommandReply,
    CommandRequest,
    CommandStatus,
    DescribeReply,
    DescribeRequest,
    HelloFlag,
    HelloReply,
    HelloRequest,
    PollFlag,
    PollReply,
    PollRequest,
)
from tests.vectors.golden import GOLDEN, named

CORRUPTED = 20_000
_AGE_SIZE = 3


def _frames(*, kind: str | None = None) -> list[Any]:
    return [
        pytest.param(one, id=one["name"])
        for one in GOLDEN["frames"]
        if kind is None or one.get("message", {}).get("kind", "").endswith(kind)
    ]


@pytest.mark.parametrize("one", GOLDEN["crc"], ids=lambda one: one["data"])
def test_crc(one: dict[str, str]) -> None:
    assert crc16(bytes.fromhex(one["data"])) == int(one["crc"], 16)


@pytest.mark.parametrize("one", named("cobs"))
def test_cobs(one: dict[str, str]) -> None:
    plain, coded = bytes.fromhex(one["plain"]), bytes.fromhex(one["coded"])
    assert cobs.encode(plain) == coded
    assert cobs.decode(coded) == plain


@pytest.mark.parametrize("one", named("cobs_damaged"))
def test_damaged_cobs_is_refused_and_the_next_frame_is_read(one: dict[str, str]) -> None:
    coded = bytes.fromhex(one["coded"])
    with pytest.raises(BadFrame):
        cobs.decode(coded)
    deframer, following = Deframer(), Frame(1, 7, b"\x01")
    assert deframer.feed(coded + enframe(following)) == [following]
    assert (deframer.bad_frames, deframer.skipped_bytes) == (1, len(coded))


@pytest.mark.parametrize("one", _frames())
def test_frames(one: dict[str, Any]) -> None:
    data = bytes.fromhex(one["frame"])
    expected = Frame(one["type"], one["seq"], bytes.fromhex(one["payload"]))
    assert frame.decode(data, one["address"]) == expected
    assert frame.decode(data + b"\xff\xff", one["address"], padded=True) == expected
    assert expected.encode(one["address"]) == data


@pytest.mark.parametrize("one", [one for one in _frames() if "wire" in one.values[0]])
def test_frames_on_a_serial_wire(one: dict[str, Any]) -> None:
    wire = bytes.fromhex(one["wire"])
    expected = Frame(one["type"], one["seq"], bytes.fromhex(one["payload"]))
    assert enframe(expected) == wire
    deframer = Deframer()
    found = [heard for byte in wire for heard in deframer.feed(bytes((byte,)))]
    assert found == [expected]
    assert deframer.skipped_bytes == 0


@pytest.mark.parametrize("one", named("damaged"))
@pytest.mark.parametrize("padded", [False, True])
def test_damaged_frames_are_refused(one: dict[str, Any], padded: bool) -> None:
    data = bytes.fromhex(one["bytes"])
    if padded and one["name"] == "one byte long":
        return  # surplus bytes are what a read of a fixed length brings
    with pytest.raises(BadFrame):
        frame.decode(data, one["address"], padded=padded)


@pytest.mark.parametrize("one", _frames(kind="_request"))
def test_requests_mean_what_they_say(one: dict[str, Any]) -> None:
    said, payload = one["message"], bytes.fromhex(one["payload"])
    expected: HelloRequest | DescribeRequest | PollRequest | CommandRequest
    match said["kind"]:
        case "hello_request":
            expected = HelloRequest(said["version"])
        case "describe_request":
            expected = DescribeRequest(said["offset"])
        case "poll_request":
            expected = PollRequest(said["boot"], said["next"], said.get("skip", 0))
        case _:
            packed = bytes.fromhex(said["packed"])
            expected = CommandRequest(said["token"], said["code"], packed)
    assert type(expected).decode(payload) == expected
    assert expected.encode() == payload


@pytest.mark.parametrize("one", _frames(kind="_reply"))
def test_replies_mean_what_they_say(one: dict[str, Any]) -> None:
    said, payload = one["message"], bytes.fromhex(one["payload"])
    expected: HelloReply | DescribeReply | PollReply | CommandReply
    match said["kind"]:
        case "error_reply":
            assert messages.decode_error(payload) == said["error"]
            return
        case "hello_reply":
            expected = _hello_reply(said)
        case "describe_reply":
            expected = DescribeReply(said["offset"], said["text"].encode())
        case "poll_reply":
            expected = _poll_reply(said)
        case _:
            expected = CommandReply(said["token"], CommandStatus(said["status"]))
    assert type(expected).decode(payload) == expected
    assert expected.encode() == payload


def _hello_reply(said: dict[str, Any]) -> HelloReply:
    return HelloReply(
        bytes.fromhex(said["uid"]),
        said["boot"],
        said["schema_crc"],
        said["schema_length"],
        said["max_request"],
        said["max_reply"],
        HelloFlag(said["flags"]),
        said["uptime_ms"],
    )


def _poll_reply(said: dict[str, Any]) -> PollReply:
    samples = b"".join(
        sample["age_ms"].to_bytes(_AGE_SIZE, "little") + bytes.fromhex(sample["packed"])
        for sample in said["samples"]
    )
    count = len(said["samples"])
    return PollReply(said["boot"], PollFlag(said["flags"]), said["first"], count, samples)


def test_corrupted_golden_frames_are_never_accepted() -> None:
    """Up to three wrong bits anywhere, or a burst of up to 16: the checksum catches them all."""
    chance = random.Random(7)
    good = [(bytes.fromhex(one["frame"]), int(one["address"])) for one in GOLDEN["frames"]]
    for _ in range(CORRUPTED):
        data, address = chance.choice(good)
        hurt = _hurt(chance, data)
        with pytest.raises(BadFrame):
            frame.decode(hurt, address)


def _hurt(chance: random.Random, data: bytes) -> bytes:
    bits = 8 * len(data)
    if chance.random() < 0.5:
        mask = sum(1 << bit for bit in chance.sample(range(bits), chance.randint(1, 3)))
    else:
        mask = (1 << chance.randint(0, 15) | chance.getrandbits(15)) << chance.randrange(bits - 15)
    return (int.from_bytes(data, "big") ^ mask).to_bytes(len(data), "big")
