"""Makes pollers: for the devices of the configuration, and for boards that were found."""

from collections.abc import Callable, Mapping
from functools import partial

from arduino_iface.bus import I2cBus
from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.i2c_scan import LOOK_TIMEOUT_S, require_board
from arduino_iface.lock import Priority
from gateway.collection.poller import DevicePoller, PolledDevice
from gateway.config.settings import DeviceSettings
from gateway.devices.buses import Buses
from gateway.devices.labels import Labels
from gateway.drivers.base import Driver, DriverContext
from gateway.drivers.intake import ReadingStore, Source
from gateway.drivers.protocol.driver import ProtocolDriver
from gateway.drivers.protocol.values import NO_RULES, ChannelRules, rules_of
from gateway.drivers.table import driver_module
from gateway.model.limits import NO_LIMITS, Limits, limits_of
from gateway.model.place import Place
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock

Claim = Callable[[str, Identity, Place], None]
"""Claims a device for the board at a place. Raises `ProtocolMismatch` when the board may not have it."""

INTERVAL_DEFAULT_S = 1.0
"""Of boards whose own interval is not known yet."""


class DeviceMaker:
    """Makes the pollers of devices, with their drivers."""

    def __init__(
        self,
        buses: Buses,
        store: ReadingStore,
        registry: Registry,
        clock: WallClock,
        labels: Labels,
        *,
        simulated: bool,
    ) -> None:
        """Makes nothing yet. The roster replaces `claim`."""
        self.claim: Claim = _unchecked
        self._buses = buses
        self._store = store
        self._registry = registry
        self._clock = clock
        self._labels = labels
        self._simulated = simulated
        self._rules: dict[str, ChannelRules] = {}  # of configured devices, wherever their board is

    def configured(self, settings: DeviceSettings) -> DevicePoller:
        """The poller of a device of the configuration."""
        source = self._source(settings.id, settings.metadata)
        place = Place(settings.bus, settings.address)
        self._rules[settings.id] = rules_of(settings.options)
        driver = self._configured_driver(settings, source, place)
        # A sketch may print several kinds of line, each with channels of its own.
        kinds = getattr(settings.options, "kinds", (settings.options,))
        limits = limits_of([one for kind in kinds for one in getattr(kind, "channels", ())])
        return self._poller(source, place, driver, settings.driver, settings.interval_s, limits)

    def found(self, device: str, place: Place, board: ProtocolDevice) -> DevicePoller:
        """The poller of a board that was found."""
        source = self._source(device, {})
        driver = self._protocol(source, place, board, None, self._approach(place))
        return self._poller(source, place, driver, "protocol")

    def moved_driver(self, settings: PolledDevice, place: Place, board: ProtocolDevice) -> Driver:
        """The driver of a device whose board was found again elsewhere."""
        approach = self._approach(place)
        return self._protocol(settings.source, place, board, settings.interval_s, approach)

    def disconnect(self, place: Place) -> Callable[[], None]:
        """Return what closes the port of a place after it was lost."""
        return self._buses.get(place.bus).close

    def _source(self, device: str, metadata: Mapping[str, str]) -> Source:
        return Source(device, metadata, self._simulated, partial(self._labels.metadata_of, device))

    def _approach(self, place: Place) -> Callable[[], None]:
        """What makes sure that a board speaks the protocol, before anything is written to a place."""
        bus = self._buses.get(place.bus)

        def look_first() -> None:
            if isinstance(bus, I2cBus) and place.address is not None:
                bus.open(Priority.SCAN, LOOK_TIMEOUT_S)
                require_board(bus, place.address)

        return look_first

    def _poller(
        self,
        source: Source,
        place: Place,
        driver: Driver,
        kind: str,
        interval_s: float | None = None,
        limits: Mapping[str, Limits] = NO_LIMITS,
    ) -> DevicePoller:
        settings = PolledDevice(source, place.bus, place.address, kind, interval_s, limits)
        close = self.disconnect(place)
        return DevicePoller(settings, driver, self._registry, self._clock, close)

    def _configured_driver(self, settings: DeviceSettings, source: Source, place: Place) -> Driver:
        context = DriverContext(
            settings,
            self._buses.get(settings.bus),
            partial(self._buses.link, settings.bus, settings.address, first_seq=0),
            source,
            self._store,
            self._clock,
            lambda identity: self.claim(source.device, identity, place),
        )
        driver: Driver = driver_module(settings.driver, "driver").build(context)
        return driver

    def _protocol(
        self,
        source: Source,
        place: Place,
        board: ProtocolDevice,
        interval_s: float | None,
        approach: Callable[[], None] | None = None,
    ) -> ProtocolDriver:
        def claim(identity: Identity) -> None:
            self.claim(source.device, identity, place)

        return ProtocolDriver(
            source,
            board,
            self._store,
            self._clock,
            claim,
            interval_s,
            approach=approach,
            rules=self._rules.get(source.device, NO_RULES),
        )


def _unchecked(device: str, identity: Identity, place: Place) -> None:
    """Without a roster, every board may speak for its device."""
