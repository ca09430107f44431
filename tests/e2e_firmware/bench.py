"""One simulated Uno with real firmware, its surroundings, and a gateway process that must find it.

What the board's inputs were set to is written down, so that every value in MongoDB can be held against it.
"""

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.avr import Uno, i2c_environment
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Database

WIRES = ("serial", "i2c")
DEADLINE_S = 60.0
"""A simulated board on a busy machine is slower than a real one."""

CONFIG = '[journal]\ncommit_interval = "100ms"\n'
I2C_BUS = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
DOOR_PIN, LAMP_PIN, FAN_PIN, SAFE_PIN = "D4", "D7", "D5", "B0"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What TestNode's pins are connected to: millivolts at A0 and A1, and the door's contact."""

    voltage_mv: int = 0
    raw_mv: int = 0
    door: bool = False

    def readings(self) -> dict[str, float | bool | None]:
        """What the channels must say, by the data sheet: 1023 steps of 5 V, whole millivolts."""
        voltage = math.floor(self.voltage_mv * 1023 / 5000) * 5000 / 1024
        raw = math.floor(self.raw_mv * 1023 / 5000)
        return {"voltage": round(voltage) / 1000, "raw": raw, "door": self.door, "broken": None}


def serial_bus(uno: Uno, name: str = "bench") -> str:
    """The part of gateway.toml for a board's serial port."""
    return f'[[bus]]\nname = "{name}"\ntype = "serial"\nport = "{uno.tty}"\n'


class Bench:
    """Everything runs while the context is open; at its end every stored value is checked."""

    def __init__(
        self,
        wire: str,
        folder: Path,
        elf: Path,
        mongo_uri: str,
        database: Database,
        extra_config: str = "",
    ) -> None:
        """Starts nothing. `wire` is one of `WIRES`."""
        self.wire = wire
        self.database = database
        self.commands = 0
        self.bus_folder = folder / "bus"
        self.uno = Uno(
            elf,
            directory=self.bus_folder / "a",
            eeprom=folder / "eeprom",
            reset_on_open=wire == "serial",
        )
        bus = I2C_BUS if wire == "i2c" else serial_bus(self.uno)
        self.gateway = GatewayProcess(
            folder / "gateway",
            config=CONFIG + bus + extra_config,
            mongo_uri=mongo_uri,
            environ=i2c_environment(1, self.bus_folder) if wire == "i2c" else None,
        )
        self._history = [Inputs()]
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.uno)
            self.set(Inputs(3000, 2000, door=False))
            stack.enter_context(self.gateway)
            self.until(lambda: self.state() == "online", "the board is found")
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.__exit__(kind, error, trace)
        if error is None:
            self.check_stored()

    # The board's surroundings

    @property
    def inputs(self) -> Inputs:
        """What they are set to."""
        return self._history[-1]

    def set(self, inputs: Inputs) -> None:
        """Set them, and remember that they were."""
        self._history.append(inputs)
        self.uno.ask("adc", 0, inputs.voltage_mv)
        self.uno.ask("adc", 1, inputs.raw_mv)
        self.uno.ask("drive", DOOR_PIN, int(inputs.door))

    def change(self) -> None:
        """Set them to something that they were not set to before."""
        count = len(self._history)
        mv = 500 + count * 137 % 4000
        self.set(Inputs(mv, 5000 - mv, door=not self.inputs.door))

    def unplug(self) -> None:
        """Pull the cable: the board has no power either."""
        self.uno.unplug()
        self._history.append(Inputs())

    def plug(self) -> None:
        """Plug it in again, with its inputs as before it was pulled."""
        self.uno.plug()
        self.set(self._history[-2])

    # The gateway's view

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for it, while the gateway runs."""
        self.gateway.until(condition, what, DEADLINE_S)

    def device(self) -> dict[str, Any]:
        """The one device; empty while there is none."""
        devices: list[dict[str, Any]] = self.gateway.get("/api/v1/devices")["devices"]
        assert len(devices) <= 1, devices
        return devices[0] if devices else {}

    def state(self) -> str | None:
        """Its state, None while there is none."""
        return self.device().get("state")

    def until_state(self, *states: str) -> None:
        """Wait for one of these."""
        self.until(lambda: self.state() in states, f"the board is {states}")

    def until_boot(self, boot: int) -> None:
        """Wait until it is online in this boot."""
        self.until_later_boot(boot - 1)
        assert self.device()["boot"] == boot

    def until_later_boot(self, boot: int) -> None:
        """Wait until it is online in a boot after this one: opening a port may have reset it once more."""

        def is_there() -> bool:
            device = self.device()
            return device["state"] == "online" and int(device["boot"]) > boot

        self.until(is_there, f"online after boot {boot}")

    def until_measured(self) -> None:
        """Wait until MongoDB has a reading with the inputs as they are now."""
        readings = self.inputs.readings()
        wanted: dict[str, Any] = {f"values.{name}": value for name, value in readings.items()}
        wanted["boot"] = {"$gte": self.device()["boot"]}
        self.until(
            lambda: self.database.readings.find_one(wanted) is not None, f"{wanted} in MongoDB"
        )

    def command(self, name: str, **arguments: object) -> str:
        """Send a command; its state, or the code of what went wrong."""
        self.commands += 1
        body = self.gateway.command(self.device()["id"], name, **arguments).body
        return str(body["state"] if "state" in body else body["code"])

    def until_done(self, name: str, **arguments: object) -> None:
        """Send it until the board is there to do it."""
        self.until(lambda: self.command(name, **arguments) == "done", f"{name} is done")

    # What was stored

    def check_stored(self) -> int:
        """Hold every reading in MongoDB against what the inputs were set to; return how many there are.

        In the order in which the board took them, every channel must have gone through what it was set to, in
        that order, and have shown nothing else.
        """
        stored = list(self.database.readings.find().sort([("boot", 1), ("seq", 1)]))
        expected = [inputs.readings() for inputs in self._history]
        place = dict.fromkeys(expected[0], 0)
        for one in stored:
            values = dict(one["values"])
            assert 0 <= values.pop("calls") <= self.commands, one
            assert values.keys() == place.keys(), one
            for channel, value in values.items():
                while expected[place[channel]][channel] != value:
                    place[channel] += 1
                    assert place[channel] < len(expected), (channel, one, self._history)
        return len(stored)

    def numbers(self, boot: int) -> list[int]:
        """Numbers of the stored samples of one boot."""
        found = self.database.readings.find({"boot": boot}, {"seq": 1}).sort("seq")
        return [one["seq"] for one in found]
