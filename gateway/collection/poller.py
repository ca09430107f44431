"""Polls one device when it is due, and backs off while it is silent."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

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
from gateway.model.errors import DeviceInMaintenance
from gateway.model.limits import NO_LIMITS, Limits
from gateway.model.place import Place
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry
from gateway.presence.gate import Gate
from gateway.presence.presence import Presence, Vitals
from gateway.runtime.backoff import BackOff
from gateway.runtime.clock import WallClock

QUARANTINE_RETRY_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PolledDevice:
    """Where a device is, and what is stamped on its readings."""

    source: Source
    bus: str
    address: int | None
    driver: str = "protocol"
    interval_s: float | None = None
    """From the configuration; None leaves it to the board."""
    limits: Mapping[str, Limits] = field(default_factory=lambda: NO_LIMITS)
    """From the configuration, by channel."""


class DevicePoller:
    """Steps through the life of one device; one thread at a time.

    `step` does not raise on bus errors or a full journal; they become the device's presence.
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
        self.schedule = Schedule(driver.round_s, clock.monotonic())
        self.gate = Gate(settings.source.device)
        """Passed by each poll and each command."""
        self._clock = clock
        self._disconnect = disconnect
        self._stepping = threading.Lock()  # one step at a time, also while a timer is replaced
        self.busy_since: float | None = None
        """When the tick that is under way began (monotonic seconds); None between ticks."""
        self._nudged = threading.Event()  # there is a reason to poll the device now
        self._moved: tuple[Driver, Place, Callable[[], None]] | None = None
        self._retired = False
        self._back_off = BackOff()
        self._missed = 0
        self._name_conditions()
        self._presence = Presence(self._first_view(), registry, clock, self._vitals)

    def _name_conditions(self) -> None:
        where = {"device": self.settings.source.device, "bus": self.settings.bus}
        clock = self._clock
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
        return self._presence.view

    def nudge(self) -> None:
        """Poll the device at the next tick, whatever its back-off; from any thread."""
        self._nudged.set()

    @property
    def nudged(self) -> bool:
        """Whether the next tick is to poll the device in any case."""
        return self._nudged.is_set()

    @property
    def held(self) -> bool:
        """Whether the device is in maintenance: nothing may be sent to it."""
        return self.gate.reason is not None

    @property
    def lends_its_port(self) -> bool:
        """Whether the device's serial port is left to what maintains it."""
        return self.held and self.settings.address is None

    @contextmanager
    def maintenance(self, reason: str, timeout_s: float) -> Iterator[None]:
        """Hold the polls and commands of the device inside a `with` statement; from any thread.

        What is under way is waited for, `timeout_s` real seconds at most. A serial port is closed and may be
        used otherwise; on I2C only this address is held. Afterwards the board is identified anew before it is
        polled. Raises `DeviceInMaintenance` when it is held already, `MaintenanceTimeout`.
        """
        self.gate.close(reason, timeout_s)
        try:
            self._presence.hold(reason)
            if self.settings.address is None:
                self._disconnect()
            yield
        finally:
            self.driver.forget()
            self._presence.release()
            self.gate.open()
            self.nudge()

    def move(self, driver: Driver, place: Place, disconnect: Callable[[], None]) -> None:
        """The board was found at another place; from any thread. Takes effect with the next step."""
        self._moved = (driver, place, disconnect)
        self.nudge()

    def retire(self) -> None:
        """Its board speaks for another device now: never step again; from any thread."""
        self._retired = True
        self._presence.retire()

    def free(self) -> None:
        """Close the bus under a tick that hangs; from any thread, and may hang itself."""
        self._disconnect()

    def tick(self) -> None:
        """A timer's callback: one step, guarded, since an exception would end the timer's thread."""
        if not self._stepping.acquire(blocking=False):
            return  # the callback of a timer that was replaced still runs
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
        """Do what is due now; a quick return when nothing is, and while the device is in maintenance."""
        try:
            with self.gate.use():
                self._step(self._clock.monotonic())
        except DeviceInMaintenance:
            self._nudged.clear()  # the end of the maintenance nudges it
            self._presence.age(self._clock.monotonic())

    def _step(self, now: float) -> None:
        if self._nudged.is_set():
            self._nudged.clear()
            self._settle()
            self._back_off.reset()
            self.schedule.postpone(now)
        if not self.schedule.is_due(now):
            self._presence.age(now)
            return
        missed = self.schedule.advance(now)
        if self.view.state is DeviceState.ONLINE:
            self._missed += missed
        try:
            known = self.driver.collect()
        except BusBusy as error:
            self._missed += 1
            self._presence.unreachable(f"bus busy: {error}")
        except ProtocolMismatch as error:
            self._set_quarantined(str(error))
        except (DeviceSilent, BusFault, BadFrame, DeviceRefused, DeviceRestarted) as error:
            self._set_silent(str(error))
        except PortLost as error:
            self._disconnect()
            self._set_silent(str(error))
        except JournalClosed as error:
            self._backpressure.failed(str(error))
            self._presence.unreachable(str(error))
        except JournalFull as error:
            self._backpressure.failed(str(error))
            self._set_seen(None)  # it answered; its samples stay on the board
        else:
            self._backpressure.ok()
            if known is not None:
                self._set_seen(known)
        self.schedule.change(self.driver.round_s, self._clock.monotonic())

    def _settle(self) -> None:
        """Go on at the place where the board was found."""
        moved, self._moved = self._moved, None
        if moved is None:
            return
        self.driver, place, self._disconnect = moved
        self.settings = replace(self.settings, bus=place.bus, address=place.address)
        self._name_conditions()
        self._presence.moved(place.bus, place.address)

    def _set_seen(self, known: Known | None) -> None:
        """It answered; `known` is None when nothing new is known of it."""
        self._back_off.reset()
        self._trouble.ok()
        if known is not None:
            self._presence.seen(
                name=known.schema.name,
                uid=known.uid,
                boot=known.boot,
                schema=known.schema,
                detail=known.detail,
                learned=known.learned,
            )
        elif self.view.schema is not None:  # else it has never been identified
            self._presence.seen()

    def _set_silent(self, reason: str) -> None:
        self.driver.forget()  # what answers next may be another board
        self.schedule.postpone(self._clock.monotonic() + self._back_off.failed())
        self._presence.silent(reason)

    def _set_quarantined(self, reason: str) -> None:
        self.driver.forget()
        self.schedule.postpone(self._clock.monotonic() + QUARANTINE_RETRY_S)
        self._presence.quarantined(reason)

    def _vitals(self) -> Vitals:
        counters, tally = self.driver.counters, self.driver.tally
        quantiles = self.driver.latency_quantiles_ms()
        health = DeviceHealth(
            polls=tally.polls,
            missed=self._missed,
            retries=counters.retries,
            crc_errors=counters.crc_errors,
            resets=tally.resets,
            lost=tally.lost,
            latency_ms_p50=round(quantiles[0], 3) if quantiles else None,
            latency_ms_p99=round(quantiles[1], 3) if quantiles else None,
        )
        return Vitals(self.driver.interval_s, health)

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
            limits=settings.limits,
        )
