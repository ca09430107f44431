"""Searches one I2C bus: free addresses for new boards, known ones for boards that have returned."""

import errno
import logging
from collections.abc import Callable, Sequence

from arduino_iface import frame
from arduino_iface.bus import I2cBus
from arduino_iface.device import ProtocolDevice
from arduino_iface.errors import BusBusy, PortLost, ProtocolMismatch, WireError
from arduino_iface.i2c_link import I2cLink
from arduino_iface.i2c_scan import LOOK_TIMEOUT_S, Sighting, SightingKind, look
from arduino_iface.lock import Priority
from gateway.devices.roster import NotYet, Roster
from gateway.devices.unclaimed import UnclaimedBoard
from gateway.log.condition import Condition
from gateway.model.place import Place
from gateway.model.registry import DeviceState, DeviceView

SWEEP_INTERVAL_S = 1.0
BUS_RETRY_S = 2.0
SLICE = 8
"""Addresses of one step; the serial ports are looked at in between."""

DEAD_BUS_TIMEOUTS = 3
"""After so many timeouts in a row the bus counts as stuck, and the sweep ends."""

UNCLAIMED_RETRY_S = 10.0

log = logging.getLogger(__name__)


class I2cDiscovery:
    """Sweeps over the addresses of a bus. Owned by the discovery thread."""

    def __init__(
        self,
        bus: I2cBus,
        addresses: Sequence[int],
        roster: Roster,
        show: Callable[[UnclaimedBoard], None],
    ) -> None:
        """Touches nothing. `show` is given the boards that may not join."""
        self._bus = bus
        self._addresses = addresses
        self._roster = roster
        self._show = show
        self._due = self._began = 0.0
        self._next = 0  # place of the next address in the sweep
        self._timeouts = 0  # in a row, also over several sweeps
        self._left_alone: dict[int, float] = {}  # address to when it is looked at again
        self._away = Condition(
            log, "bus cannot be searched", "bus can be searched again", extra={"bus": bus.name}
        )

    def step(self, now: float) -> float:
        """Look at a few addresses when a sweep is due; return in how many seconds to go on."""
        if now < self._due:
            return self._due - now
        try:
            self._bus.open(Priority.SCAN, LOOK_TIMEOUT_S)  # a lost one was closed
            self._look_at_slice(now)
        except PortLost as error:
            self._away.failed(error)
            self._bus.close()
            self._next = 0
            self._due = self._now() + BUS_RETRY_S
        except BusBusy:
            self._due = self._now() + SWEEP_INTERVAL_S  # polls and commands go first
        return max(0.0, self._due - now)

    def _now(self) -> float:
        """Later than at the beginning of the step when the bus was slow."""
        return self._bus.transport.clock.monotonic()

    def _look_at_slice(self, now: float) -> None:
        if self._next == 0:
            self._began = now
        for address in self._addresses[self._next : self._next + SLICE]:
            if now >= self._left_alone.get(address, now) and self._worth_a_look(address):
                sighting = look(self._bus, address)
                self._next += 1
                if self._is_stuck(sighting):
                    return
                self._act(sighting, now)
            else:
                self._next += 1
        if self._next >= len(self._addresses):
            self._next = 0
            self._due = max(self._now(), self._began + SWEEP_INTERVAL_S)

    def _is_stuck(self, sighting: Sighting) -> bool:
        """Whether the bus is stuck; then it rests, and the next timeout ends the sweep at once."""
        self._timeouts = self._timeouts + 1 if sighting.error == errno.ETIMEDOUT else 0
        if self._timeouts < DEAD_BUS_TIMEOUTS:
            self._away.ok()
            return False
        self._away.failed("every transfer times out: is the bus stuck?")
        self._next %= len(self._addresses)  # goes on there: one address may be the culprit
        self._due = self._now() + BUS_RETRY_S
        return True

    def _worth_a_look(self, address: int) -> bool:
        poller = self._roster.at(Place(self._bus.name, address))
        if poller is None:
            return True
        return not poller.held and poller.view.state is not DeviceState.ONLINE

    def _act(self, sighting: Sighting, now: float) -> None:
        place = Place(self._bus.name, sighting.address)
        poller = self._roster.at(place)
        if poller is not None:
            if _is_news(sighting, poller.view):
                self._roster.nudge(poller)
        elif sighting.kind is SightingKind.BOARD:
            # One that is busy without a request hangs, and would hold up the search.
            if not _is_busy(sighting):
                self._identify(place, sighting.address, now)
        elif sighting.kind is SightingKind.STRANGER:
            self._left_alone[sighting.address] = now + UNCLAIMED_RETRY_S

    def _identify(self, place: Place, address: int, now: float) -> None:
        device = ProtocolDevice(I2cLink(self._bus, address))
        identity = None
        try:
            identity = device.identify()
            self._roster.found(place, device, identity)
        except NotYet as error:
            log.debug("%s: %s", place, error, extra={"bus": place.bus})
        except ProtocolMismatch as error:
            self._left_alone[address] = now + UNCLAIMED_RETRY_S
            self._show(UnclaimedBoard(place, str(error), identity))
        except WireError as error:
            log.debug("no answer at %s: %s", place, error, extra={"bus": place.bus})


def _is_news(sighting: Sighting, view: DeviceView) -> bool:
    """Whether what was seen at the place of a device that is not online is a reason to poll it now."""
    if view.state is DeviceState.QUARANTINED:
        return sighting.kind is SightingKind.ABSENT  # the wrong one was taken away
    if view.driver == "protocol":
        return sighting.kind is SightingKind.BOARD and not _is_busy(sighting)
    return sighting.kind is not SightingKind.ABSENT


def _is_busy(sighting: Sighting) -> bool:
    return frame.beacon(sighting.data) is frame.Beacon.BUSY
