"""A gateway on real threads whose boards come and go on pseudo-terminals."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.serial_ports import UsbPort
from arduino_iface.usb_tree import UsbTree
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.pty_board import PtyBoards
from gateway.config.settings import (
    BusSettings,
    BusType,
    DeviceSettings,
    JournalSettings,
    LoggingSettings,
    Settings,
)
from gateway.core import Core
from gateway.journal.journal import Journal
from gateway.journal.worker import JournalWorker
from gateway.model.registry import DeviceState, DeviceView
from gateway.runtime.clock import MachineClock
from gateway.runtime.worker import WorkerThread
from tests.arduino_iface.waiting import until
from tests.exchange.boards import make_board

BOOT_TIME_S = 0.3
"""A boot loader's, for which a gateway that has opened a port waits."""


class SerialHouse:
    """The workers of a gateway but for the API and the deliveries; `by_id` is what is plugged in."""

    def __init__(
        self,
        folder: Path,
        boards: PtyBoards,
        buses: Sequence[BusSettings] = (),
        devices: Sequence[DeviceSettings] = (),
        *,
        search: bool = True,
        tree: UsbTree | None = None,
    ) -> None:
        self.boards = boards
        self.by_id = folder / "by-id"
        self.clock = MachineClock()
        self.journal = Journal(folder / "journal.db", clock=self.clock, commit_interval_s=0.05)
        settings = Settings(
            journal=JournalSettings(folder / "journal.db"),
            logging=LoggingSettings(folder),
            buses=tuple(buses),
            devices=tuple(devices),
            simulated=True,
        )
        core = Core(settings, None, self.clock, self.journal, lambda *_: None, tree)
        self.core = core
        self.registry = core.registry
        self.buses = core.buses
        self.reader = core.reader
        self.roster = core.roster
        self.devices = core.devices
        _, discovery = core.discovery(self.plugged_in if search else None)
        _, collection = core.collection()
        self._threads = [
            WorkerThread(worker, self.clock)
            for worker in (JournalWorker(self.journal), discovery(), collection())
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
            assert thread.started.wait(20.0), thread.failure

    def stop(self) -> None:
        for thread in reversed(self._threads):
            thread.request_stop()
            assert thread.join(20.0)
            assert thread.failure is None
        self.core.close()

    def plugged_in(self) -> list[UsbPort]:
        """As `arduino_ports` gives it: by their stable names."""
        links = sorted(self.by_id.iterdir()) if self.by_id.exists() else []
        whole = [link for link in links if not link.name.endswith(".new")]
        return [UsbPort(str(link), link.resolve().name, 0x2341) for link in whole]

    def state(self, name: str) -> DeviceState | None:
        view = self.registry.get(name)
        return None if view is None else view.state

    def view(self, name: str) -> DeviceView:
        view = self.registry.get(name)
        assert view is not None
        return view

    def wait_for(self, name: str, state: DeviceState) -> float:
        """Until the device has that state; how long it took."""
        began = self.clock.monotonic()
        until(lambda: self.state(name) is state)
        return self.clock.monotonic() - began

    def boot(self, name: str) -> int:
        boot = self.view(name).boot
        assert boot is not None
        return boot

    def wait_online(self, name: str, after: int = -1) -> float:
        """Until the device is online in a boot later than `after`; how long it took."""

        def there() -> bool:
            view = self.registry.get(name)
            online = view is not None and view.state is DeviceState.ONLINE
            return online and view is not None and (view.boot or 0) > after

        began = self.clock.monotonic()
        until(there)
        return self.clock.monotonic() - began

    def open_ports(self) -> list[str]:
        """Terminals that this process has open, once for each time, without those the boards hold."""
        targets = []
        for number in os.listdir("/proc/self/fd"):
            try:
                targets.append(os.readlink(f"/proc/self/fd/{number}"))
            except FileNotFoundError:
                continue  # the one that lists them
        paths = sorted({str(link.resolve()) for link in self.by_id.iterdir()})
        return [path for path in paths for _ in range(targets.count(path) - 1)]


def bus(name: str, port: Path) -> BusSettings:
    return BusSettings(name, BusType.SERIAL, str(port))


def board(uid: str, **options: object) -> DummyBoard:
    """A board on real time, without power."""
    made = make_board(
        SYSTEM_CLOCK,  # type: ignore[arg-type]
        **({"eeprom": MemoryEeprom(bytes.fromhex(uid)), "boot_time_s": BOOT_TIME_S} | options),
    )
    made.power_off()
    return made


def watch(condition: Callable[[], bool], house: SerialHouse, seconds: float) -> bool:
    """Whether the condition never holds for so many seconds of the house's life."""
    end = house.clock.monotonic() + seconds
    seen = False

    def over() -> bool:
        nonlocal seen
        seen = seen or condition()
        return seen or house.clock.monotonic() >= end

    until(over, seconds + 20.0)
    return not seen
