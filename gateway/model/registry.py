"""What the gateway knows of each device: immutable snapshots.

A device's presence replaces its snapshot; everyone else reads it, and never a live object of another thread.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from arduino_iface.schema import Schema
from gateway.model.learned import Learned
from gateway.model.limits import NO_LIMITS, Limits

_NOTHING: Mapping[str, str] = MappingProxyType({})


class DeviceState(StrEnum):
    """A device's presence as its owner should see it."""

    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """Counters since the gateway started; latencies of one request with its reply, in ms."""

    polls: int = 0
    missed: int = 0
    retries: int = 0
    crc_errors: int = 0
    resets: int = 0
    lost: int = 0
    latency_ms_p50: float | None = None
    latency_ms_p99: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device at one moment. Wall times in ms UTC, None while there is none.

    `bus` is None for a device that is on no bus: it sends its readings by itself, and `driver` names what it
    sends them through. `address` is None on serial and without a bus. `schema` is None until the board has
    described itself. `detail` says in plain words why the state is not online, or what is wrong although it
    is. `learned` is None for boards that describe themselves. `last_seen_mono` is monotonic
    seconds of the last valid exchange; the device is stale when that is three intervals ago. `maintenance`
    says why the device is held for maintenance, None while it is not. `limits` by channel are those of the
    configuration.
    """

    id: str
    bus: str | None
    address: int | None
    driver: str
    state: DeviceState
    interval_s: float
    name: str = ""
    uid: str | None = None
    boot: int | None = None
    schema: Schema | None = None
    last_seen_ms: int | None = None
    last_seen_mono: float | None = None
    detail: str | None = None
    maintenance: str | None = None
    simulated: bool = False
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    health: DeviceHealth = DeviceHealth()
    limits: Mapping[str, Limits] = field(default_factory=lambda: NO_LIMITS)
    learned: Learned | None = None

    @property
    def stale_after_s(self) -> float:
        """Age from which a value of this device must look stale: three missed intervals."""
        return stale_after_s(self.interval_s)


def stale_after_s(interval_s: float) -> float:
    """Three intervals, and half a second for the way to the journal."""
    return 3 * interval_s + 0.5


def late_after_s(interval_s: float) -> float:
    """Age from which a device that sends by itself is late: one interval and a half, and half a second."""
    return 1.5 * interval_s + 0.5


class Registry:
    """The devices by id. Thread-safe: readers get the current mapping, writers replace it."""

    def __init__(self) -> None:
        """Start empty."""
        self._writing = threading.Lock()  # guards the replacement of _devices, and _boards
        self._devices: Mapping[str, DeviceView] = MappingProxyType({})
        self._boards: dict[str, str] = {}  # uid -> device, one entry for each device at most
        self._told: tuple[Callable[[str], None], ...] = ()

    def subscribe(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with the id of each device that is published or removed, in that thread.

        It must be quick and must not raise; for the composition root, before anything is published.
        """
        self._told = (*self._told, callback)

    def publish(self, view: DeviceView) -> None:
        """Add or replace one device."""
        with self._writing:
            self._devices = MappingProxyType({**self._devices, view.id: view})
        self._tell(view.id)

    def claim(self, uid: str, device: str) -> str | None:
        """Bind a board to a device: None on success, else the device that holds the board already."""
        with self._writing:
            holder = self._boards.get(uid, device)
            if holder != device:
                return holder
            self._unbind(device)
            self._boards[uid] = device
            return None

    def release(self, device: str) -> None:
        """The device is gone: its board may be claimed by another device."""
        with self._writing:
            self._unbind(device)

    def remove(self, device: str) -> None:
        """Forget a device; nothing when it is not known."""
        with self._writing:
            rest = {key: view for key, view in self._devices.items() if key != device}
            self._devices = MappingProxyType(rest)
            self._unbind(device)
        self._tell(device)

    def all(self) -> tuple[DeviceView, ...]:
        """Every device, in the order in which they became known."""
        return tuple(self._devices.values())

    def get(self, device: str) -> DeviceView | None:
        """One device, or None."""
        return self._devices.get(device)

    def _tell(self, device: str) -> None:
        for callback in self._told:
            callback(device)

    def _unbind(self, device: str) -> None:
        for uid in [uid for uid, holder in self._boards.items() if holder == device]:
            del self._boards[uid]
