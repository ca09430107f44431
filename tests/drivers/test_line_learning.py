"""What is learned from lines: kinds that later lines correct, units, and banners that are no channels."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.learning import LEAVES_AFTER
from arduino_iface.lines.reader import LineReader, LineSettings
from arduino_iface.lines.splitter import ArrivedLine
from arduino_iface.lines.unread import Unread
from tests.drivers.lines import printed

JSON = LineSettings(LineFormat(FormatKind.JSON))
PAIRS = LineSettings(LineFormat(FormatKind.KEYVALUE))
COLONS = LineSettings(LineFormat(FormatKind.KEYVALUE, equals=":"))
BANNER = "".join(f"Setting {number}: value-{number}\n" for number in range(12))
DATA = "t:23.1 h:45\n"


def test_a_banner_is_ignored_and_the_data_are_learned() -> None:
    found = printed(COLONS, BANNER + DATA * 10)
    assert found.readings == [{"t": 23.1, "h": 45}] * 10
    assert (found.counts.ignored, found.unread) == (12, {Unread.BANNER: 12})
    assert list(found.units) == ["t", "h"]


def test_a_banner_of_json_is_ignored_too() -> None:
    found = printed(JSON, '{"version":"1.2","boot":7}\n' + '{"t":21}\n' * 9)
    assert found.readings == [{"t": 21}] * 9
    assert found.unread == {Unread.BANNER: 1}


def test_a_banner_that_comes_with_each_restart_of_the_board() -> None:
    reader = LineReader(COLONS, "sketch")
    readings = 0
    for _ in range(5):
        reader.restart(0.0)
        for line in (BANNER + DATA * 3).splitlines():
            readings += len(reader.read(ArrivedLine(line, 0.0)))
    assert readings == 15
    assert [one.name for one in reader.channels] == ["t", "h"]


def test_what_was_taken_for_a_channel_leaves_again() -> None:
    twice = printed(COLONS, BANNER * 2 + DATA * (LEAVES_AFTER + 1))
    assert list(twice.units) == ["t", "h"]
    seldom = printed(COLONS, (DATA * 20 + "t:23.1 h:45 alarm:1\n") * 8)
    assert "alarm" in seldom.units


def test_the_readings_keep_their_times_when_they_were_held_back() -> None:
    reader = LineReader(PAIRS, "sketch")
    assert reader.read(ArrivedLine("t=1", 10.0)) == []
    assert [one.at_mono for one in reader.read(ArrivedLine("t=2", 22.0))] == [10.0, 22.0]


@pytest.mark.parametrize("word", ["nan", "ovf", "ERR", "--", "null", "N/A", "inf"])
def test_a_first_word_for_no_value_does_not_make_a_text(word: str) -> None:
    found = printed(PAIRS, f"t={word} h=4\n" * 3 + "t=23.1 h=4\n" * 2)
    assert found.readings == [{"h": 4}] * 3 + [{"h": 4, "t": 23.1}] * 2
    as_json = f'{{"t":"{word}","h":4}}\n' * 3 + '{"t":23.1,"h":4}\n' * 2
    assert printed(JSON, as_json).readings[-1] == {"t": 23.1, "h": 4}


def test_a_text_that_turns_out_to_be_a_number() -> None:
    found = printed(PAIRS, "h=1 t=warming\n" * 4 + "h=1 t=23.1\n" * 3)
    assert [one["t"] for one in found.readings[-3:]] == [23.1] * 3
    quoted = printed(JSON, '{"t":"warming"}\n' * 4 + '{"t":23.1}\n' * 4)
    assert [one["t"] for one in quoted.readings[-2:]] == [23.1] * 2


def test_a_number_that_turns_out_to_be_a_text() -> None:
    words = ["7", "A1", "B2", "C3", "D4", "E5"]
    found = printed(PAIRS, "".join(f"id={word} n=1\n" for word in words))
    assert found.readings[-1] == {"id": "E5", "n": 1}


def test_a_fault_in_words_does_not_make_a_text_of_a_number() -> None:
    found = printed(PAIRS, "t=21.5 n=1\n" * 3 + "t=lost n=1\n" * 50 + "t=21.5 n=1\n")
    assert [one["t"] for one in found.readings] == [21.5] * 3 + [None] * 50 + [21.5]


def test_texts_stay_texts() -> None:
    found = printed(
        PAIRS, "".join(f"s={word} n=1\n" for word in ("idle", "run", "stop", "7", "8", "9", "idle"))
    )
    assert [one["s"] for one in found.readings][-2:] == ["9", "idle"]
    quoted = printed(JSON, '{"id":"0042","t":"23.1","u":"45 %"}\n' * 2)
    assert quoted.readings[-1] == {"id": "0042", "t": 23.1, "u": 45}


def test_units_are_learned() -> None:
    found = printed(PAIRS, "t=23.10\u00b0C h=45.20%RH d=23cm p=1,013hPa n=4\n" * 2)
    assert found.units == {"t": "Cel", "h": "%RH", "d": "cm", "p": "hPa", "n": None}
    assert found.readings[-1] == {"t": 23.1, "h": 45.2, "d": 23, "p": 1013, "n": 4}


@given(st.lists(st.sampled_from(("t", "h", "p", "q")), min_size=1, max_size=60))
def test_each_line_is_a_reading_or_ignored(names: list[str]) -> None:
    reader = LineReader(JSON, "sketch")
    readings = sum(len(reader.read(ArrivedLine(json.dumps({name: 1}), 0.0))) for name in names)
    reader.restart(0.0)
    counts = reader.account.counts
    assert counts.measured == readings
    assert counts.measured + counts.ignored == len(names)
    # A name that came soon again is not lost.
    if len(names) <= 8:
        assert readings == sum(names.count(name) for name in set(names) if names.count(name) > 1)
