"""A sketch whose lines are written by a test, on a line of the house with its journal and its clock."""

from dataclasses import dataclass, field
from pathlib import Path

from arduino_iface.bus import SerialBus
from arduino_iface.lines.reader import LineSettings
from gateway.collection.poller import DevicePoller, PolledDevice
from gateway.config.settings import BusSettings, BusType, DeviceSettings
from gateway.drivers.base import DriverContext
from gateway.drivers.intake import Source
from gateway.drivers.lines.driver import build
from gateway.model.learned import Learned
from tests.collection.house import House
from tests.support.serial_wire import DummySerialTransport

_SOURCE = Source("scale", {}, simulated=True)


@dataclass
class Script:
    """The end of the sketch: what it prints, and when (seconds after the port was opened)."""

    lines: list[tuple[float, bytes]] = field(default_factory=list)
    clock_start: float = 0.0
    house: House | None = None

    @property
    def board(self) -> "Script":
        return self

    def power_on(self) -> None:
        """It always has power."""

    def power_off(self) -> None:
        """It always has power."""

    def reset(self) -> None:
        """Opening the port does not reset it."""

    def feed(self, data: bytes) -> None:
        raise AssertionError(f"{data!r} was sent to a sketch that only prints")

    def take(self) -> bytes:
        sent = b""
        while self.lines and self.lines[0][0] <= self._now():
            sent += self.lines.pop(0)[1]
        return sent

    def next_event_at(self) -> float | None:
        return self.clock_start + self.lines[0][0] if self.lines else None

    def _now(self) -> float:
        assert self.house is not None
        return self.house.clock.monotonic() - self.clock_start


class LineHouse:
    """The house with one sketch that prints."""

    def __init__(
        self,
        path: Path,
        settings: LineSettings,
        interval_s: float | None = None,
        baud: int = 115_200,
    ) -> None:
        self.house = House(path)
        clock = self.house.clock
        self.script = Script(clock_start=clock.monotonic(), house=self.house)
        self.wire = DummySerialTransport(self.script, clock, baud)
        self.house.transports.lines["bench"] = self.wire
        self.house.buses.add(BusSettings("bench", BusType.SERIAL, "simulated", baud))
        bus = self.house.buses.get("bench")
        assert isinstance(bus, SerialBus)

        def no_link() -> None:
            raise AssertionError("a sketch that prints has no link")

        def no_claim(_: object) -> None:
            raise AssertionError("a sketch that prints has no identity")

        device = DeviceSettings(
            "scale", "bench", interval_s=interval_s, driver="lines", options=settings
        )
        context = DriverContext(
            device,
            bus,
            no_link,
            _SOURCE,
            self.house.journal,
            clock,
            no_claim,  # type: ignore[arg-type]
        )
        polled = PolledDevice(_SOURCE, "bench", None, "lines", interval_s)
        self.driver = build(context)
        self.poller = DevicePoller(polled, self.driver, self.house.registry, clock, bus.close)
        self.house.roster.configure(self.poller)

    def prints(self, at: float, text: str | bytes) -> None:
        """Seconds from the beginning."""
        data = text.encode() if isinstance(text, str) else text
        self.script.lines.append((at, data))

    def run(self, seconds: float) -> None:
        self.house.run(seconds, self.poller)

    @property
    def detail(self) -> str | None:
        return self.house.view("scale").detail

    @property
    def learned(self) -> Learned:
        found = self.house.view("scale").learned
        assert found is not None
        return found

    def ledger(self) -> tuple[int, int, dict[str, int]]:
        """Expected, stored, and lost by reason, of all hours."""
        hours = self.house.reader.ledger().hours
        lost: dict[str, int] = {}
        for hour in hours:
            for reason, count in hour.lost.items():
                if count:
                    lost[str(reason)] = lost.get(str(reason), 0) + count
        return sum(hour.expected for hour in hours), sum(hour.stored for hour in hours), lost
