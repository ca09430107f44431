"""One device's collection: identify it, poll it when due, leave it alone for a while when it is silent."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from arduino_iface.device import Identity, ProtocolDevice
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
from arduino_iface.messages import BuiltIn, CommandStatus
from arduino_iface.values import ValueType
from gateway.clock import WallClock
from gateway.collection.backoff import BackOff
from gateway.collection.intake import Intake, ReadingStore, Source
from gateway.collection.schedule import Schedule
from gateway.journal.errors import JournalClosed, JournalFull
from gateway.log.condition import Condition
from gateway.registry import DeviceHealth, DeviceState, DeviceView, Registry

DRAIN_BUDGET_S = 0.5
"""Longest time one poll goes on fetching what a board has kept; the rest comes with the next."""

COMMIT_WAIT_S = 0.5
"""Longest wait for a commit while draining a board that forgets nothing before it is told to."""

QUARANTINE_RETRY_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PolledDevice:
    """What the configuration says of a device; `interval_s` None means as the board samples."""

    source: Source
    bus: str
    address: int | None
    interval_s: float | None = None
    driver: str = "protocol"


class DevicePoller:
    """Steps through the life of one device; one thread at a time.

    `step` never raises for what goes wrong on the wire or in the journal's queue: that is daily business.
    """

    def __init__(
        self,
        settings: PolledDevice,
        device: ProtocolDevice,
        store: ReadingStore,
        registry: Registry,
        clock: WallClock,
        disconnect: Callable[[], None],
    ) -> None:
        """Touches nothing. `disconnect` closes the device's port after it was lost."""
        self.settings = settings
        self.device = device
        self.schedule = Schedule(settings.interval_s or 1.0, clock.monotonic())
        self._store = store
        self._registry = registry
        self._clock = clock
        self._disconnect = disconnect
        self._stepping = threading.Lock()  # one step at a time, also while a timer is replaced
        self._back_off = BackOff()
        self._intake: Intake | None = None
        self._known: tuple[str, int] | None = None  # uid and boot of the last identification
        where = {"device": settings.source.device, "bus": settings.bus}
        self._silence = Condition(log, "device does not answer", extra=where, clock=clock)
        self._quarantine = Condition(log, "device is quarantined", extra=where, clock=clock)
        self._backpressure = Condition(log, "journal takes no readings", extra=where, clock=clock)
        self._trouble = Condition(log, "poll failed unexpectedly", extra=where, clock=clock)
        self._polls = self._missed = self._resets = self._lost = 0
        self._view = self._first_view()
        registry.publish(self._view)

    @property
    def view(self) -> DeviceView:
        """The latest snapshot."""
        return self._view

    def tick(self) -> None:
        """A timer's callback: one step, guarded, since an exception would end the timer's thread."""
        if not self._stepping.acquire(blocking=False):
            return  # the callback of a timer that was replaced is still at it
        try:
            self.step()
        except Exception as error:
            if self._trouble.failed(f"{type(error).__name__}: {error}"):
                log.exception("this is a fault of the gateway, please report it")
            self._set_silent(f"internal error: {error}")
        finally:
            self._stepping.release()

    def step(self) -> None:
        """Do what is due now; a quick return when nothing is."""
        now = self._clock.monotonic()
        if not self.schedule.is_due(now):
            self._age(now)
            return
        missed = self.schedule.advance(now)
        if self._view.state is DeviceState.ONLINE:
            self._missed += missed
        try:
            self._poll_round(now)
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
            self._set_online()  # it answered; what it said it keeps for later
        else:
            self._set_online()

    def _poll_round(self, now: float) -> None:
        intake, identity = self._intake, self.device.identity
        # Not of another boot either, whose numbers would make the board forget samples of this one.
        if intake is None or identity is None or not intake.is_of(identity):
            intake = self._identify()
        try:
            self._drain(intake, now)
        except DeviceRestarted:
            self._drain(self._identify(), now)

    def _drain(self, intake: Intake, began: float) -> None:
        """Fetch what the board has, as long as it says there is more and the budget lasts."""
        budget_s = min(DRAIN_BUDGET_S, self.schedule.interval_s / 2)
        while True:
            following, skip = intake.window()
            polled = self.device.poll(following, skip)
            self._polls += 1
            taken = intake.take(polled)
            self._lost += intake.lost
            intake.lost = 0
            self._backpressure.ok()
            if not polled.more:
                return
            # A board without a window goes on only after what it has sent is stored for good.
            goes_on = intake.identity.windowed and taken
            if not goes_on and not self._store.flush().wait(COMMIT_WAIT_S):
                return
            if self._clock.monotonic() - began > budget_s:
                return

    def _identify(self) -> Intake:
        identity = self.device.identify()
        known = self._known
        if known is not None and known[0] != identity.uid:
            # Only a person can say whether the board was exchanged on purpose.
            raise ProtocolMismatch(
                f"another board answers here: uid {identity.uid} instead of {known[0]}; "
                "if it was exchanged on purpose, restart the gateway"
            )
        holder = self._registry.claim(identity.uid, self.settings.source.device)
        if holder is not None:
            # Their samples would have the same keys, and one of the two would pass for delivered.
            raise ProtocolMismatch(
                f"the board {identity.uid} answers as {holder} already; take one of the two away, or "
                "give one a new identity (erase its EEPROM)"
            )
        if known is not None and known[1] != identity.boot:
            self._resets += 1
            log.warning(
                "device has started again: boot %d after %d",
                identity.boot,
                known[1],
                extra={"device": self.settings.source.device, "bus": self.settings.bus},
            )
        self._known = (identity.uid, identity.boot)
        intake = self._intake
        if intake is None or not intake.is_of(identity):
            intake = Intake(self.settings.source, identity, self._store, self._clock)
            self._agree_on_interval(identity)
            self._intake = intake
        return intake

    def _agree_on_interval(self, identity: Identity) -> None:
        sample_ms = identity.schema.sample_ms
        wanted_s = self.settings.interval_s or sample_ms / 1000
        wanted_ms = round(wanted_s * 1000)
        # Also when the board says so of itself: a gateway with other settings may have changed it.
        if self.settings.interval_s is not None:
            # Tokens of a range that commands never use, and another one each time: a token the board
            # remembers from before would be answered without setting anything.
            token = 0xF000 | self._clock.wall_ms() & 0x0FFF
            status = self.device.command(
                token, BuiltIn.SET_INTERVAL, ValueType.U32.pack(wanted_ms), timeout_s=1.0
            )
            if status is not CommandStatus.DONE:
                log.warning(
                    "device does not take the interval of %d ms and samples each %d ms (%s)",
                    *(wanted_ms, sample_ms, status.name.lower()),
                    extra={"device": self.settings.source.device, "bus": self.settings.bus},
                )
        self.schedule.change(wanted_s, self._clock.monotonic())

    def _set_online(self) -> None:
        self._back_off.reset()
        self._silence.ok()
        self._quarantine.ok()
        self._trouble.ok()
        identity = self.device.identity
        if identity is None:
            return  # a command has just found out that the board has started again
        self._publish(
            state=DeviceState.ONLINE,
            detail=None,
            name=identity.schema.name,
            uid=identity.uid,
            boot=identity.boot,
            schema=identity.schema,
            last_seen_ms=self._clock.wall_ms(),
            last_seen_mono=self._clock.monotonic(),
        )

    def _set_silent(self, reason: str) -> None:
        now = self._clock.monotonic()
        self.device.identity = None  # what answers next may be another board
        self._silence.failed(reason)
        self.schedule.postpone(now + self._back_off.failed())
        self._publish(state=self._absence(now), detail=reason)

    def _set_unasked(self, reason: str) -> None:
        """It could not be asked, which is not its fault; it is tried again when it is next due."""
        if self._view.state is not DeviceState.QUARANTINED:
            self._publish(state=self._absence(self._clock.monotonic()), detail=reason)

    def _set_quarantined(self, reason: str) -> None:
        self.device.identity = None
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
            interval_s=self.schedule.interval_s,
            health=self._health(),
            **changes,  # type: ignore[arg-type]
        )
        self._view = changed
        self._registry.publish(changed)
        if changed.state in (DeviceState.OFFLINE, DeviceState.QUARANTINED):
            self._registry.release(changed.id)

    def _health(self) -> DeviceHealth:
        counters = self.device.link.counters
        quantiles = self.device.link.latency_quantiles_ms()
        return DeviceHealth(
            polls=self._polls,
            missed=self._missed,
            retries=counters.retries,
            crc_errors=counters.crc_errors,
            resets=self._resets,
            lost=self._lost,
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
            interval_s=self.schedule.interval_s,
            name=settings.source.device,
            detail="not heard of yet",
            simulated=settings.source.simulated,
            metadata=settings.source.metadata,
        )
