"""The reference client itself against the golden frames."""

import json
from typing import Any

import pytest

from tests.support import reference
from tests.support.avr import ROOT

VECTORS = json.loads((ROOT / "tests/vectors/frames.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("item", VECTORS["frames"], ids=lambda item: item["name"])
def test_frames(item: dict[str, Any]) -> None:
    frame, payload = bytes.fromhex(item["frame"]), bytes.fromhex(item["payload"])
    made = reference.encode_frame(item["address"], item["type"], item["seq"], payload)
    assert made == frame
    decoded = reference.decode_frame(item["address"], frame)
    assert decoded == (item["type"], item["seq"], payload)
    if "wire" in item:
        assert b"\0" + reference.cobs_encode(frame) + b"\0" == bytes.fromhex(item["wire"])


@pytest.mark.parametrize("item", VECTORS["damaged"], ids=lambda item: item["name"])
def test_damaged(item: dict[str, Any]) -> None:
    data = bytes.fromhex(item["bytes"])
    exact = bool(data) and len(data) == data[0] + 1  # an I2C read brings more than the frame
    assert not exact or reference.decode_frame(item["address"], data) is None


def test_cobs() -> None:
    for item in VECTORS["cobs"]:
        plain, coded = bytes.fromhex(item["plain"]), bytes.fromhex(item["coded"])
        assert reference.cobs_encode(plain) == coded
        assert reference.cobs_decode(coded) == plain
    for item in VECTORS["cobs_damaged"]:
        assert reference.cobs_decode(bytes.fromhex(item["coded"])) is None


def test_crc() -> None:
    for item in VECTORS["crc"]:
        assert f"{reference.crc16(bytes.fromhex(item['data'])):04x}" == item["crc"]
