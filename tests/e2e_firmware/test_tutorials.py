"""Sketches as tutorials write them, with real firmware: right values, or readings that say what they are."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

from tests.e2e_firmware.bench import CONFIG, DEADLINE_S, I2C_BUS
from tests.support.avr import Uno, build, firmware, i2c_environment, wait_until
from tests.support.gateway import GatewayProcess

ADDRESS = 0x04
IGNORES_THE_NUMBER, ANSWERS_LATE, SLOW_LOOP, CLEARS, TEXT_ANSWERS, ONE_BYTE = range(1, 7)

DEVICE = '[[device]]\nid = "board"\nbus = "i2c1"\naddress = 0x04\ndriver = "registers"\ninterval = "200ms"\n'
CLIMATE = """channels = [
  { name = "t", register = 0, type = "f32le", unit = "Cel" },
  { name = "h", register = 4, type = "u8", unit = "%RH" },
  { name = "rpm", register = 6, type = "i16le" } ]
"""
WORDS = """channels = [
  { name = "a", register = 0x00, type = "u16be" },
  { name = "b", register = 0x10, type = "u16be" },
  { name = "c", register = 0x20, type = "u16be" } ]
"""
COUNTER = """channels = [
  { name = "pulses", register = 0x00, type = "u16be", clears = true },
  { name = "steady", register = 0x10, type = "u16be" } ]
"""
TEXTS = """layout = "answers"
channels = [
  { name = "t", register = 0x54, type = "ascii", length = 8, unit = "Cel" },
  { name = "h", register = 0x48, type = "ascii", length = 4, unit = "%RH" },
  { name = "state", register = 0x53, type = "text", length = 5 } ]
"""
BYTES = """block_max = 1
channels = [
  { name = "year", register = 0, type = "bcd16be" },
  { name = "minute", register = 2, type = "bcd8" },
  { name = "t", register = 4, type = "i16be", scale = 0.00390625, unit = "Cel" } ]
"""


class Tutorial:
    """One board with such a sketch, and a gateway whose configuration describes it."""

    def __init__(self, folder: Path, kind: int, description: str) -> None:
        build("harness")
        bus = folder / "bus"
        self.uno = Uno(firmware("TutorialNode", KIND=kind), directory=bus / "a")
        self.gateway = GatewayProcess(
            folder / "gateway",
            config=CONFIG + I2C_BUS + "discover = []\n" + DEVICE + description,
            environ=i2c_environment(1, bus),
        )
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.uno)
            wait_until(self._has_started, 20, "the sketch has not started")
            stack.enter_context(self.gateway)
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._exit.__exit__(*error)

    def _has_started(self) -> bool:
        return self.uno.facts("stat")["us"] > 100_000

    def drive_d2(self, level: int) -> None:
        """Set it, and let the board see it."""
        self.uno.ask("drive", "D2", level)
        set_us = self.uno.facts("stat")["us"]
        wait_until(
            lambda: self.uno.facts("stat")["us"] > set_us + 200, 20, "the board stands still"
        )

    def readings(self) -> list[dict[str, Any]]:
        """All, the oldest first."""
        path = "/api/v1/devices/board/readings?order=asc&limit=1000"
        found: list[dict[str, Any]] = self.gateway.get(path)["readings"]
        return found

    def device(self) -> dict[str, Any]:
        found: dict[str, Any] = self.gateway.get("/api/v1/devices/board")
        return found

    def until(self, condition: Callable[[], bool], what: str) -> None:
        self.gateway.until(condition, what, DEADLINE_S)

    def until_read(self, count: int = 10) -> list[dict[str, Any]]:
        """Wait for so many readings."""
        self.until(lambda: len(self.readings()) >= count, f"{count} readings")
        return self.readings()


@pytest.mark.parametrize(
    ("kind", "description", "values"),
    [
        (IGNORES_THE_NUMBER, 'layout = "packet"\n' + CLIMATE, {"t": 21.5, "h": 45, "rpm": -1200}),
        (ANSWERS_LATE, WORDS, {"a": 1111, "b": 5555, "c": 9999}),
        (SLOW_LOOP, 'settle = "10ms"\n' + WORDS, {"a": 1111, "b": 5555, "c": 9999}),
        (TEXT_ANSWERS, TEXTS, {"t": 21.5, "h": 45, "state": "RUN"}),
        (ONE_BYTE, BYTES, {"year": 2026, "minute": 59, "t": -1.5}),
    ],
)
def test_a_sketch_that_is_described_gives_its_values(
    tmp_path: Path, kind: int, description: str, values: Mapping[str, object]
) -> None:
    with Tutorial(tmp_path, kind, description) as board:
        found = board.until_read()
        assert all(one["values"] == values for one in found), found
        # That a sketch answers late is seen while the first sample is taken.
        late = kind == ANSWERS_LATE
        assert {one["quality"] for one in found[late:]} == {"good"}, found


@pytest.mark.parametrize(
    ("kind", "description", "values"),
    [
        (IGNORES_THE_NUMBER, CLIMATE, {"t": 21.5, "h": 45, "rpm": -1200}),
        (SLOW_LOOP, WORDS, {"a": 1111, "b": 5555, "c": 9999}),
    ],
)
def test_a_sketch_that_is_something_else_is_never_good_with_wrong_values(
    tmp_path: Path, kind: int, description: str, values: Mapping[str, object]
) -> None:
    with Tutorial(tmp_path, kind, description) as board:
        found = board.until_read()
        assert any(one["quality"] != "good" for one in found)
        wrong = [one for one in found if one["values"] != values]
        assert all(one["quality"] in ("unverified", "partial") for one in wrong), found


def test_pulses_that_reading_clears_are_told_once(tmp_path: Path) -> None:
    with Tutorial(tmp_path, CLEARS, COUNTER) as board:
        board.until_read(1)
        for _ in range(90):
            board.drive_d2(1)
            board.drive_d2(0)

        def told() -> int:
            return sum(one["values"]["pulses"] for one in board.readings())

        board.until(lambda: told() >= 90, "ninety pulses")
        count = len(board.readings())
        found = board.until_read(count + 5)
        assert told() == 90
        assert {one["values"]["steady"] for one in found} == {0x1234}
        assert {one["quality"] for one in found} == {"unverified"}
        assert board.device()["state"] == "online"
