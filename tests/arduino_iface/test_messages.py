"""The payloads: the vectors of the protocol, and wrong shapes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface import frame, messages
from arduino_iface.errors import BadFrame
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
    RequestType,
)
from tests.arduino_iface import vectors

U8 = st.integers(0, 0xFF)
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFF_FFFF)


def payload(vector: bytes, message_type: int) -> bytes:
    decoded = frame.decode(vector, vectors.I2C_ADDRESS)
    assert decoded.type == message_type
    return decoded.payload


def test_hello_request() -> None:
    data = payload(vectors.HELLO_REQUEST, RequestType.HELLO)
    assert HelloRequest.decode(data) == HelloRequest(version=1)
    assert HelloRequest().encode() == data


def test_hello_reply() -> None:
    data = payload(vectors.HELLO_REPLY, RequestType.HELLO | frame.REPLY)
    expected = HelloReply(
        uid=vectors.UID,
        boot=5,
        schema_crc=0xBEEF,
        schema_length=143,
        request_max=32,
        reply_max=32,
        uptime_ms=12345,
    )
    assert HelloReply.decode(data) == expected
    assert expected.encode() == data


def test_poll_request() -> None:
    data = payload(vectors.POLL_REQUEST, RequestType.POLL)
    assert PollRequest.decode(data) == PollRequest(boot=5, next=42)
    assert PollRequest(5, 42).encode() == data
    assert PollRequest(5, 42, skip=0).encode() == data


def test_windowed_poll_request() -> None:
    windowed = PollRequest(boot=5, next=42, skip=3)
    assert windowed.encode() == bytes.fromhex("0500 2a000000 0300")
    assert PollRequest.decode(windowed.encode()) == windowed
    assert PollRequest.decode(bytes.fromhex("0500 2a000000 0000")) == PollRequest(5, 42)


def test_poll_reply() -> None:
    data = payload(vectors.POLL_REPLY, RequestType.POLL | frame.REPLY)
    reply = PollReply.decode(data)
    assert (reply.boot, reply.flags, reply.first, reply.count) == (5, PollFlag(0), 42, 3)
    assert reply.samples == data[PollReply.OVERHEAD :]
    assert len(reply.samples) == 3 * 6
    assert reply.encode() == data


def test_command_request() -> None:
    data = payload(vectors.COMMAND_REQUEST, RequestType.COMMAND)
    expected = CommandRequest(token=0x0A0B, code=0, arguments=b"\x80")
    assert CommandRequest.decode(data) == expected
    assert expected.encode() == data


def test_command_reply() -> None:
    data = payload(vectors.COMMAND_REPLY, RequestType.COMMAND | frame.REPLY)
    assert CommandReply.decode(data) == CommandReply(0x0A0B, CommandStatus.DONE)
    assert CommandReply(0x0A0B, CommandStatus.DONE).encode() == data


def test_describe() -> None:
    assert DescribeRequest(0x0102).encode() == b"\x02\x01"
    assert DescribeRequest.decode(b"\x02\x01") == DescribeRequest(0x0102)
    assert DescribeReply.decode(b"\x02\x01gw 1") == DescribeReply(0x0102, b"gw 1")
    assert DescribeReply(0x0102, b"gw 1").encode() == b"\x02\x01gw 1"
    assert DescribeReply.decode(b"\x00\x00") == DescribeReply(0, b"")


def test_an_error_reply() -> None:
    assert messages.decode_error(b"\x02") == messages.ErrorCode.MALFORMED_PAYLOAD
    for wrong in (b"", b"\x01\x02"):
        with pytest.raises(BadFrame):
            messages.decode_error(wrong)


ROUND_TRIPS = st.one_of(
    st.builds(HelloRequest, U8),
    st.builds(
        HelloReply,
        st.binary(min_size=8, max_size=8),
        U16,
        U16,
        U16,
        U8,
        U8,
        U8.map(HelloFlag),
        U32,
        U8,
    ),
    st.builds(DescribeRequest, U16),
    st.builds(DescribeReply, U16, st.binary(max_size=240)),
    st.builds(PollRequest, U16, U32, U16),
    st.builds(PollReply, U16, U8.map(PollFlag), U32, U8, st.binary(max_size=240)),
    st.builds(CommandRequest, U16, U8, st.binary(max_size=240)),
    st.builds(CommandReply, U16, st.sampled_from(CommandStatus)),
)


@given(ROUND_TRIPS)
def test_decoding_undoes_encoding(
    message: HelloRequest | HelloReply | DescribeRequest | DescribeReply | PollRequest | PollReply,
) -> None:
    assert type(message).decode(message.encode()) == message


DECODERS: list[Callable[[bytes], object]] = [
    HelloRequest.decode,
    HelloReply.decode,
    DescribeRequest.decode,
    DescribeReply.decode,
    PollRequest.decode,
    PollReply.decode,
    CommandRequest.decode,
    CommandReply.decode,
]


@given(st.sampled_from(DECODERS), st.binary(max_size=30))
def test_random_payloads_are_understood_or_refused(
    decode: Callable[[bytes], object], data: bytes
) -> None:
    try:
        message = decode(data)
    except BadFrame:
        return
    assert message is not None


@pytest.mark.parametrize("decode", DECODERS)
def test_an_empty_payload_is_refused(decode: Callable[[bytes], object]) -> None:
    with pytest.raises(BadFrame):
        decode(b"")


@pytest.mark.parametrize("decode", [HelloReply.decode, PollRequest.decode, CommandReply.decode])
@pytest.mark.parametrize("length", [1, 7, 21, 25, 26])
def test_a_payload_of_wrong_length_is_refused(
    decode: Callable[[bytes], object], length: int
) -> None:
    with pytest.raises(BadFrame):
        decode(bytes(length))


def test_a_status_of_a_later_version_is_refused() -> None:
    with pytest.raises(BadFrame, match="status 9"):
        CommandReply.decode(b"\x0b\x0a\x09")


def test_flags_of_a_later_version_are_kept() -> None:
    data = bytearray(HelloReply(vectors.UID, 1, 2, 3, 32, 32).encode())
    data[17] = 0x83
    flags = HelloReply.decode(bytes(data)).flags
    assert HelloFlag.SAFE_STATE in flags
    assert HelloFlag.WINDOWED_POLL in flags
    assert int(flags) == 0x83
