"""Samples as a board packs them: an age, then the channels' raw values in schema order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arduino_iface.errors import BadFrame
from arduino_iface.messages import SAMPLE_NUMBER_MAX, PollReply
from arduino_iface.schema import Schema
from arduino_iface.values import Value

AGE_MS_MAX = 0xFF_FFFF
"""Highest age that fits its three bytes, ms (4.6 hours); an older sample has this age."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a board: its number since boot, age in ms at the reply, values by channel."""

    seq: int
    age_ms: int
    values: Mapping[str, Value]

    @property
    def complete(self) -> bool:
        """Whether no channel's value is missing."""
        return all(value is not None for value in self.values.values())


def unpack_samples(schema: Schema, reply: PollReply) -> list[Sample]:
    """The samples of a POLL reply.

    Raises `BadFrame` when they do not fill it exactly, or when the number after them cannot be asked for.
    """
    size = schema.sample_size
    if reply.first + reply.count > SAMPLE_NUMBER_MAX:
        raise BadFrame(
            f"{reply.count} samples from number {reply.first} on: {SAMPLE_NUMBER_MAX} is the last number"
        )
    if len(reply.samples) != reply.count * size:
        raise BadFrame(
            f"{reply.count} samples of {size} bytes do not fill {len(reply.samples)} bytes"
        )
    return [
        _unpack_one(schema, reply.samples[place * size : (place + 1) * size], reply.first + place)
        for place in range(reply.count)
    ]


def _unpack_one(schema: Schema, data: bytes, seq: int) -> Sample:
    values: dict[str, Value] = {}
    offset = 3
    for channel in schema.channels:
        values[channel.name] = channel.value(channel.type.unpack(data, offset))
        offset += channel.type.size
    return Sample(seq, int.from_bytes(data[:3], "little"), values)


def pack_sample(schema: Schema, age_ms: int, values: Sequence[Value]) -> bytes:
    """The wire form of one sample; `values` in schema order, None for missing."""
    packed = bytearray(min(max(age_ms, 0), AGE_MS_MAX).to_bytes(3, "little"))
    for channel, value in zip(schema.channels, values, strict=True):
        packed += channel.type.pack(channel.raw(value))
    return bytes(packed)
