"""A house whose gateway looks for boards: search, collection and journal in one thread, by a fake clock."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.faults import FaultPlan
from dummy_hw.i2c_bus import DummyI2cTransport
from gateway.collection.poller import DevicePoller
from gateway.discovery.i2c import I2cDiscovery
from gateway.discovery.worker import UnclaimedBoards
from gateway.model.registry import DeviceState, DeviceView
from tests.collection.house import House
from tests.exchange.boards import make_board
from tests.support.clock import FakeClock

RANGE = range(0x08, 0x30)
STEP_S = 0.05
UID_A = "00112233445566aa"
UID_B = "00112233445566bb"


class SearchingHouse(House):
    """A `House` with the search on its I2C bus; every poller of its roster is stepped."""

    def __init__(
        self,
        path: Path,
        *,
        addresses: Sequence[int] = RANGE,
        wire: DummyI2cTransport | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        super().__init__(path, wire=wire, clock=clock)
        self.unclaimed = UnclaimedBoards(self.registry, self.clock, simulated=True)
        self.search = I2cDiscovery(self.bus, addresses, self.roster, self.unclaimed.show)
        self.roster.remember(self.reader.devices())
        self._search_at = self.clock.monotonic()

    def restarted(self, path: Path) -> "SearchingHouse":
        """The gateway ends and starts again; boards, wire and time go on."""
        self.close()
        return SearchingHouse(path, wire=self.transport, clock=self.clock)

    def board(self, uid: str, address: int | None = None, **options: object) -> DummyBoard:
        """A board with power, at an address if one is given."""
        eeprom = MemoryEeprom(bytes.fromhex(uid))
        limits: dict[str, object] = {"reply_max": 32, "request_max": 32, "eeprom": eeprom}
        made = make_board(self.clock, **(limits | options))
        if address is not None:
            self.transport.attach(address, made)
        return made

    def unplug(self, address: int) -> DummyBoard:
        """Take the board at an address off the bus, and its power."""
        board = self.transport.boards[address]
        assert isinstance(board, DummyBoard)
        self.transport.detach(address)
        board.power_off()
        return board

    def plug(self, address: int, board: DummyBoard) -> None:
        """Put a board on the bus; it starts."""
        self.transport.attach(address, board)
        board.power_on()

    def live(self, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
        """Run everything until the time is over or the condition holds; how long that took."""
        began = self.clock.monotonic()
        while self.clock.monotonic() < began + seconds and not until():
            self.look()
            for poller in self.roster.pollers():
                poller.tick()
            self.journal.step(self.clock.monotonic())
            self.clock.advance(STEP_S)
        return self.clock.monotonic() - began

    def look(self) -> None:
        """A step of the search, if one is due."""
        now = self.clock.monotonic()
        if now >= self._search_at:
            self._search_at = now + self.search.step(now)
        self.unclaimed.expire(now, self.roster.at)

    def is_online(self, name: str) -> bool:
        view = self.registry.get(name)
        return view is not None and view.state is DeviceState.ONLINE

    def wait_online(self, name: str, address: int | None = None, within: float = 2.0) -> None:
        """The device is online, at this address if one is given, in time."""

        def there() -> bool:
            return self.is_online(name) and address in (None, self.view(name).address)

        took = self.live(within + 10.0, there)
        assert there(), [(view.id, view.state, view.detail) for view in self.registry.all()]
        assert took <= within, took

    def quarantined(self) -> list[DeviceView]:
        return [view for view in self.registry.all() if view.state is DeviceState.QUARANTINED]

    def names(self) -> list[str]:
        return [view.id for view in self.registry.all()]

    def configured(self, name: str, address: int, interval_s: float | None = None) -> DevicePoller:
        """A device of the configuration at an address where nothing is yet."""
        return self.on_i2c(name, address, None, interval_s)


class MemoryChip:
    """Something at an address that is no Arduino: every write to it would do harm, so it keeps them."""

    def __init__(self, contents: bytes = b"\x00") -> None:
        self.faults = FaultPlan()
        self.contents = contents
        self.writes: list[bytes] = []
        self.reads = 0

    def require_room(self, _reply_max: int) -> None: ...

    def i2c_write(self, _address: int, data: bytes, _late_s: float = 0.0, /) -> bool:
        self.writes.append(data)
        return True

    def i2c_read(self) -> bytes:
        self.reads += 1
        return self.contents

    def mute(self) -> None: ...

    def reset(self) -> None: ...
