"""The presence of a device: online while it is heard, then late, then offline.

A producer reports that it has heard the device (`seen`) or that the device is silent; the age of what was
heard last does the rest. Changes are published to the registry. Silence is logged when it begins and ends.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.log.condition import Condition
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry, late_after_s
from gateway.runtime.clock import WallClock

log = logging.getLogger(__name__)

ABSENT = (DeviceState.OFFLINE, DeviceState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What changes by itself: published with every other change. `interval_s`: seconds between readings."""

    interval_s: float
    health: DeviceHealth


class Presence:
    """The presence of one device. Thread-safe.

    Publishes `view` at once. `vitals` is called for each change, in the thread that reports it.
    """

    def __init__(
        self,
        view: DeviceView,
        registry: Registry,
        clock: WallClock,
        vitals: Callable[[], Vitals],
        *,
        silence: tuple[str, str] = ("device does not answer", "device answers again"),
    ) -> None:
        """`silence`: what the log says when the device falls silent, and when it is back."""
        self._registry = registry
        self._clock = clock
        self._vitals = vitals
        self._silence_named = silence
        # Guards the view and the order in which views are published; nothing is waited for under it.
        self._guard = threading.RLock()
        self._view = view
        self._retired = False
        self._name_conditions()
        registry.publish(view)

    @property
    def view(self) -> DeviceView:
        """The latest snapshot."""
        return self._view

    def seen(self, **facts: object) -> None:
        """The device was heard just now. `facts`: fields of the view that are known anew."""
        if self._view.last_seen_mono is None and facts:
            self._announce(facts)
        self._silence.ok()
        self._quarantine.ok()
        facts["last_seen_ms"] = self._clock.wall_ms()
        facts["last_seen_mono"] = self._clock.monotonic()
        with self._guard:
            if self._view.maintenance is None:
                facts["state"] = DeviceState.ONLINE
                facts.setdefault("detail", None)
            else:
                facts["state"] = DeviceState.LATE
                facts.pop("detail", None)
            self.publish(**facts)

    def silent(self, reason: str) -> None:
        """The device does not answer, or has gone: late, and offline when it was not seen lately."""
        self._silence.failed(reason)
        self._absent(reason)

    def unreachable(self, reason: str) -> None:
        """The device could not be asked, through no fault of its own."""
        if self._view.state is not DeviceState.QUARANTINED:
            self._absent(reason)

    def quarantined(self, reason: str) -> None:
        """What answers may not speak for this device."""
        self._quarantine.failed(reason)
        self.publish(state=DeviceState.QUARANTINED, detail=reason)

    def moved(self, bus: str, address: int | None) -> None:
        """The device is at another place now."""
        self._silence.ok()
        self.publish(bus=bus, address=address)
        self._name_conditions()

    def age(self, now: float) -> None:
        """A device that is late becomes offline when it was seen too long ago. `now`: monotonic seconds."""
        with self._guard:
            late = self._view.state is DeviceState.LATE
            if late and self._absence(now) is DeviceState.OFFLINE:
                self.publish(state=DeviceState.OFFLINE)

    def age_unasked(self, now: float) -> None:
        """`age`, of a device that is never asked: it is late, too, when nothing has come from it in time."""
        view = self._view
        seen = view.last_seen_mono
        if view.state is DeviceState.ONLINE and seen is not None:
            limit_s = late_after_s(view.interval_s)
            if now - seen > limit_s:
                self.silent(f"nothing was received for {limit_s:g} s")
        self.age(now)

    def hold(self, reason: str) -> None:
        """Maintenance begins."""
        log.info("maintenance begins: %s", reason, extra=self._where())
        with self._guard:
            state = self._absence(self._clock.monotonic())
            self.publish(state=state, detail=f"maintenance: {reason}", maintenance=reason)

    def release(self) -> None:
        """Maintenance is over; the device is late or offline until it is heard again."""
        log.info("maintenance is over: %s", self._view.maintenance, extra=self._where())
        self.publish(detail="maintenance is over; not heard of since", maintenance=None)

    def recall(self, last_seen_ms: int | None) -> None:
        """When the device was seen in an earlier run, UTC ms; ignored when it was seen since."""
        if self._view.last_seen_ms is None and last_seen_ms is not None:
            self.publish(last_seen_ms=last_seen_ms)

    def retire(self) -> None:
        """Publish nothing from now on: the device has gone from the registry."""
        with self._guard:
            self._retired = True

    def publish(self, **changes: object) -> None:
        """Replace the snapshot: `changes` are fields of the view."""
        with self._guard:
            vitals = self._vitals()
            changed = replace(
                self._view,
                interval_s=vitals.interval_s,
                health=vitals.health,
                **changes,  # type: ignore[arg-type]
            )
            self._view = changed
            if self._retired:
                return
            self._registry.publish(changed)
            if changed.state in ABSENT:
                self._registry.release(changed.id)

    def _absent(self, reason: str) -> None:
        with self._guard:
            changes: dict[str, object] = {"state": self._absence(self._clock.monotonic())}
            if self._view.maintenance is None:
                changes["detail"] = reason
            self.publish(**changes)

    def _absence(self, now: float) -> DeviceState:
        seen = self._view.last_seen_mono
        if seen is not None and now - seen <= self._view.stale_after_s:
            return DeviceState.LATE
        return DeviceState.OFFLINE

    def _announce(self, facts: dict[str, object]) -> None:
        uid, boot = facts.get("uid"), facts.get("boot")
        firmware = getattr(facts.get("schema"), "firmware", None)
        log.info(
            "device is online%s%s%s",
            "" if uid is None else f": uid {uid}",
            "" if boot is None else f" boot {boot}",
            f" firmware {firmware}" if firmware else "",
            extra=self._where(),
        )

    def _where(self) -> dict[str, str]:
        bus = {} if self._view.bus is None else {"bus": self._view.bus}
        return {"device": self._view.id, **bus}

    def _name_conditions(self) -> None:
        where, clock = self._where(), self._clock
        self._silence = Condition(log, *self._silence_named, extra=where, clock=clock)
        self._quarantine = Condition(
            log, "device is quarantined", "device left quarantine", extra=where, clock=clock
        )
