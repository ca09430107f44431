"""Searches serial ports: those of known USB vendors that appear, and those that return."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from arduino_iface.bus import SerialBus
from arduino_iface.device import ProtocolDevice
from arduino_iface.errors import PortLost, ProtocolMismatch, WireError
from arduino_iface.serial_link import SerialLink
from arduino_iface.serial_ports import UsbPort
from gateway.collection.timers import DeviceTimer, MakeTimer
from gateway.config.settings import BusSettings, BusType
from gateway.devices.buses import Buses
from gateway.devices.roster import NotYet, Roster
from gateway.devices.unclaimed import UnclaimedBoard
from gateway.model.place import Place
from gateway.runtime.backoff import BackOff
from gateway.runtime.clock import WallClock

PROBE_TICK_S = 0.5

log = logging.getLogger(__name__)


class SerialProbe:
    """Asks the board on one port for its identity, in a timer of its own, until it answers."""

    def __init__(
        self,
        bus: SerialBus,
        roster: Roster,
        clock: WallClock,
        show: Callable[[UnclaimedBoard], None],
        make_timer: MakeTimer = DeviceTimer,
    ) -> None:
        """Opens nothing before the first tick."""
        self.bus = bus
        self.joined = threading.Event()  # set when the board has become a device
        self._roster = roster
        self._clock = clock
        self._show = show
        self._device = ProtocolDevice(SerialLink(bus))
        self._back_off = BackOff()
        self._due = 0.0
        self._timer = make_timer(f"probe-{bus.name}", PROBE_TICK_S, self._tick)

    def start(self) -> None:
        """Begin asking."""
        self._timer.start()

    def keep(self) -> None:
        """Replace the timer if it has died."""
        if not self.joined.is_set():
            self._timer.keep(PROBE_TICK_S)

    def stop(self, timeout_s: float) -> None:
        """End; the port stays open for the device that took it over and is closed otherwise."""
        self._timer.stop()
        self._timer.join(timeout_s)
        # Not by `joined`: the timer may be about to set it.
        if self._roster.at(Place(self.bus.name)) is None:
            self.bus.close()

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if self.joined.is_set() or now < self._due:
            return
        place = Place(self.bus.name)
        identity = None
        try:
            identity = self._device.identify()
            self._roster.found(place, self._device, identity)
            self.joined.set()
            self._timer.stop()
        except NotYet as error:
            log.debug("%s", error, extra={"bus": self.bus.name})
        except ProtocolMismatch as error:
            self._show(UnclaimedBoard(place, str(error), identity))
            self._wait(now, error)
        except PortLost as error:
            self.bus.close()
            self._wait(now, error)
        except WireError as error:
            self._wait(now, error)

    def _wait(self, now: float, error: WireError) -> None:
        log.debug("no board identified yet: %s", error, extra={"bus": self.bus.name})
        self._due = now + self._back_off.failed()


@dataclass
class _Port:
    """A port that has been seen; `probe` asks for the identity of its board while that is unknown.

    `node` is what the path led to at the latest look, None for nothing. It differs after a port was unplugged
    and plugged in again between two looks.
    """

    bus: str
    path: Path
    node: tuple[int, int] | None
    probe: SerialProbe | None = None


class SerialDiscovery:
    """Watches the ports. Owned by the discovery thread; the probes open them."""

    def __init__(
        self,
        buses: Buses,
        roster: Roster,
        clock: WallClock,
        show: Callable[[UnclaimedBoard], None],
        list_ports: Callable[[], list[UsbPort]] | None,
        make_timer: MakeTimer = DeviceTimer,
    ) -> None:
        """`list_ports` lists the ports of known vendors that are plugged in; None: no search for new ones."""
        self._buses = buses
        self._roster = roster
        self._clock = clock
        self._show = show
        self._list_ports = list_ports
        self._make_timer = make_timer
        self._ports: dict[str, _Port] = {}

    def start_up(self) -> None:
        """Take over the serial buses of the configuration."""
        for settings in self._buses.settings:
            if settings.type is BusType.SERIAL:
                path = Path(settings.port)
                self._ports[settings.port] = _Port(settings.name, path, _node_of(path))

    def step(self) -> None:
        """Compare what is plugged in now with what was before.

        No port is probed anew while a serial device is in maintenance: it may be that of its boot loader.
        """
        may_probe = not self._roster.lends_a_port()
        for known in list(self._ports.values()):
            self._look_at(known, may_probe)
        for port in self._list_ports() if self._list_ports and may_probe else []:
            if not self._is_known(port):
                self._add(port)

    def shut_down(self) -> None:
        """Stop every probe."""
        for known in self._ports.values():
            if known.probe is not None:
                known.probe.stop(1.0)
        self._ports.clear()

    def _look_at(self, known: _Port, may_probe: bool = True) -> None:
        node = _node_of(known.path)
        changed = node != known.node
        known.node = node
        poller = self._roster.at(Place(known.bus))
        if poller is not None:
            self._end_probe(known)
            if changed:  # gone: it becomes offline now; back: it is polled without its back-off
                self._roster.nudge(poller)
        elif node is None:
            self._end_probe(known)
        elif known.probe is not None:
            known.probe.keep()
        elif may_probe:
            known.probe = self._new_probe(known.bus)
            known.probe.start()

    def _end_probe(self, known: _Port) -> None:
        if known.probe is not None:
            known.probe.stop(0.0)
            known.probe = None

    def _new_probe(self, bus: str) -> SerialProbe:
        found = self._buses.get(bus)
        assert isinstance(found, SerialBus)
        return SerialProbe(found, self._roster, self._clock, self._show, self._make_timer)

    def _is_known(self, port: UsbPort) -> bool:
        if port.path in self._ports:
            return True
        here = Path(port.path).resolve()
        return any(known.path.resolve() == here for known in self._ports.values() if known.node)

    def _add(self, port: UsbPort) -> None:
        name = self._bus_name(port)
        self._buses.add(BusSettings(name, BusType.SERIAL, port.path))
        log.info("new port %s (%s, %s)", port.path, port.tty, port.vendor, extra={"bus": name})
        self._ports[port.path] = _Port(name, Path(port.path), node=None)
        self._look_at(self._ports[port.path])

    def _bus_name(self, port: UsbPort) -> str:
        wanted = Path(port.path).name.removeprefix("usb-")
        taken = {one.name for one in self._buses.settings}
        names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)


def _node_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_rdev
