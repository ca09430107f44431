"""One device's collection: collect from it when due, leave it alone for a while when it is silent."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from arduino_iface.errors import (
    BadFrame,
    BusBusy,
    BusFault,
    DeviceRefused,
    DeviceRestarted,
    DeviceSilent,
    PortLost,
    ProtocolMismatch,
)
from gateway.collection.schedule import Schedule
from gateway.drivers.base import Driver, Known
from gateway.drivers.intake import Source
from gateway.journal.errors import JournalClosed, JournalFull
from gateway.log.condition import Condition
from gateway.model.place import Place
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry
from gateway.runtime.backoff import BackOff
from gateway.runtime.clock import WallClock

QUARANTINE_RETRY_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PolledDevice:
    """Where a device is, how it is called, and what is stamped on its readings."""

    source: Source
    bus: str
    address: int | None
    driver: str = "protocol"
    interval_s: float | None = None
    """From the configuration; None leaves it to the board."""


class DevicePoller:
    """Steps through the life of one device; one thread at a time.

    `step` never raises for what goes wrong on the wire or in the journal's queue: that is daily business.
    """

    def __init__(
        self,
        settings: PolledDevice,
        driver: Driver,
        registry: Registry,
        clock: WallClock,
        disconnect: Callable[[], None],
    ) -> None:
        """Touches nothing. `disconnect` closes the device's port after it was lost."""
        self.settings = settings
        self.driver = driver
        self.schedule = Schedule(driver.interval_s, clock.monotonic())
        self._registry = registry
        self._clock = clock
        self._disconnect = disconnect
        self._stepping = threading.Lock()  # one step at a time, also while a timer is replaced
        self.busy_since: float | None = None
        """When the tick that is under way began (monotonic seconds); None between ticks."""
        self._nudged = threading.Event()  # somebody saw a reason to look at the device now
        self._moved: tuple[Driver, Place, Callable[[], None]] | None = None
        self._retired = False
        self._back_off = BackOff()
        self._missed = 0
        self._conditions(settings)
        self._view = self._first_view()
        registry.publish(self._view)

    def _conditions(self, settings: PolledDevice) -> None:
        where = {"device": settings.source.device, "bus": settings.bus}
        clock = self._clock
        self._silence = Condition(
            log, "device does not answer", "device answers again", extra=where, clock=clock
        )
        self._quarantine = Condition(
            log, "device is quarantined", "device left quarantine", extra=where, clock=clock
        )
        self._backpressure = Condition(
            log,
            "journal takes no readings",
            "journal takes readings again",
            extra=where,
            clock=clock,
        )
        self._trouble = Condition(
            log, "poll failed unexpectedly", "polls succeed again", extra=where, clock=clock
        )

    @property
    def view(self) -> DeviceView:
        """The latest snapshot."""
        return self._view

    def nudge(self) -> None:
        """Look at the device at the next tick, whatever its back-off says; from any thread."""
        self._nudged.set()

    @property
    def nudged(self) -> bool:
        """Whether somebody waits for the next tick."""
        return self._nudged.is_set()

    def move(self, driver: Driver, place: Place, disconnect: Callable[[], None]) -> None:
        """The board was found at another place; from any thread. Takes effect with the next step."""
        self._moved = (driver, place, disconnect)
        self.nudge()

    def retire(self) -> None:
        """Its board speaks for another device now: never step again; from any thread."""
        self._retired = True

    def free(self) -> None:
        """Close the bus under a tick that hangs; from any thread, and may hang itself."""
        self._disconnect()

    def tick(self) -> None:
        """A timer's callback: one step, guarded, since an exception would end the timer's thread."""
        if not self._stepping.acquire(blocking=False):
            return  # the callback of a timer that was replaced is still at it
        self.busy_since = self._clock.monotonic()
        try:
            if not self._retired:
                self.step()
        except Exception as error:
            if self._trouble.failed(f"{type(error).__name__}: {error}"):
                log.exception("this is a fault of the gateway, please report it")
            self._set_silent(f"internal error: {error}")
        finally:
            self.busy_since = None
            self._stepping.release()

    def step(self) -> None:
        """Do what is due now; a quick return when nothing is."""
        now = self._clock.monotonic()
        if self._nudged.is_set():
            self._nudged.clear()
            self._settle_down()
            self._back_off.reset()
            self.schedule.postpone(now)
        if not self.schedule.is_due(now):
            self._age(now)
            return
        missed = self.schedule.advance(now)
        if self._view.state is DeviceState.ONLINE:
            self._missed += missed
        try:
            known = self.driver.collect()
        except BusBusy as error:
            self._missed += 1
            self._set_unasked(f"bus busy: {error}")
        except ProtocolMismatch as error:
            self._set_quarantined(str(error))
        except (DeviceSilent, BusFault, BadFrame, DeviceRefused, DeviceRestarted) as error:
            self._set_silent(str(error))
        except PortLost as error:
            self._disconnect()
            self._set_silent(str(error))
        except JournalClosed as error:
            self._backpressure.failed(str(error))
            self._set_unasked(str(error))
        except JournalFull as error:
            self._backpressure.failed(str(error))
            self._set_online(None)  # it answered; what it said it keeps for later
        else:
            self._backpressure.ok()
            if known is not None:
                self._set_online(known)
        self.schedule.change(self.driver.interval_s, self._clock.monotonic())

    def _settle_down(self) -> None:
        """Go on at the place where the board was found."""
        moved, self._moved = self._moved, None
        if moved is None:
            return
        self.driver, place, self._disconnect = moved
        self.settings = replace(self.settings, bus=place.bus, address=place.address)
        self._silence.ok()
        self._conditions(self.settings)
        self._publish(bus=place.bus, address=place.address)

    def _set_online(self, known: Known | None) -> None:
        """It answered; `known` is None when nothing new is known of it."""
        if self._view.last_seen_ms is None and known is not None:
            self._announce(known)
        self._back_off.reset()
        self._silence.ok()
        self._quarantine.ok()
        self._trouble.ok()
        if known is None and self._view.schema is None:
            return  # it has never said who it is
        who: dict[str, object] = {}
        if known is not None:
            name = known.schema.name
            who = {"name": name, "uid": known.uid, "boot": known.boot, "schema": known.schema}
        self._publish(
            state=DeviceState.ONLINE,
            detail=None,
            last_seen_ms=self._clock.wall_ms(),
            last_seen_mono=self._clock.monotonic(),
            **who,
        )

    def _announce(self, known: Known) -> None:
        identity = "" if known.uid is None else f": uid {known.uid} boot {known.boot}"
        firmware = f" firmware {known.schema.firmware}" if known.schema.firmware else ""
        log.info(
            "device is online%s%s",
            identity,
            firmware,
            extra={"device": self.settings.source.device, "bus": self.settings.bus},
        )

    def _set_silent(self, reason: str) -> None:
        now = self._clock.monotonic()
        self.driver.forget()  # what answers next may be another board
        self._silence.failed(reason)
        self.schedule.postpone(now + self._back_off.failed())
        self._publish(state=self._absence(now), detail=reason)

    def _set_unasked(self, reason: str) -> None:
        """It could not be asked, which is not its fault; it is tried again when it is next due."""
        if self._view.state is not DeviceState.QUARANTINED:
            self._publish(state=self._absence(self._clock.monotonic()), detail=reason)

    def _set_quarantined(self, reason: str) -> None:
        self.driver.forget()
        self._quarantine.failed(reason)
        self.schedule.postpone(self._clock.monotonic() + QUARANTINE_RETRY_S)
        self._publish(state=DeviceState.QUARANTINED, detail=reason)

    def _absence(self, now: float) -> DeviceState:
        seen = self._view.last_seen_mono
        if seen is not None and now - seen <= self._view.stale_after_s:
            return DeviceState.LATE
        return DeviceState.OFFLINE

    def _age(self, now: float) -> None:
        """A device that was seen a moment ago and is silent becomes offline when the moment is over."""
        late = self._view.state is DeviceState.LATE
        if late and self._absence(now) is DeviceState.OFFLINE:
            self._publish(state=DeviceState.OFFLINE)

    def _publish(self, **changes: object) -> None:
        changed = replace(
            self._view,
            interval_s=self.driver.interval_s,
            health=self._health(),
            **changes,  # type: ignore[arg-type]
        )
        self._view = changed
        if self._retired:
            return  # its last step was still at it
        self._registry.publish(changed)
        if changed.state in (DeviceState.OFFLINE, DeviceState.QUARANTINED):
            self._registry.release(changed.id)

    def _health(self) -> DeviceHealth:
        counters, tally = self.driver.counters, self.driver.tally
        quantiles = self.driver.latency_quantiles_ms()
        return DeviceHealth(
            polls=tally.polls,
            missed=self._missed,
            retries=counters.retries,
            crc_errors=counters.crc_errors,
            resets=tally.resets,
            lost=tally.lost,
            latency_ms_p50=round(quantiles[0], 3) if quantiles else None,
            latency_ms_p99=round(quantiles[1], 3) if quantiles else None,
        )

    def _first_view(self) -> DeviceView:
        settings = self.settings
        return DeviceView(
            id=settings.source.device,
            bus=settings.bus,
            address=settings.address,
            driver=settings.driver,
            state=DeviceState.OFFLINE,
            interval_s=self.driver.interval_s,
            name=settings.source.device,
            detail="not heard of yet",
            simulated=settings.source.simulated,
            metadata=settings.source.metadata,
        )
