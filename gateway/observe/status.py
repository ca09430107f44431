"""The gateway about itself: the document of `GET /status`, and whether it is ready."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.delivery.state import DeliveryState
from gateway.devices.buses import Buses
from gateway.journal.journal import Journal
from gateway.journal.types import JournalStatus
from gateway.model.registry import DeviceState, DeviceView
from gateway.model.times import format_ms
from gateway.model.wording import counted
from gateway.runtime.clock import WallClock
from gateway.runtime.supervisor import WorkerState, WorkerView
from gateway.runtime.timekeeper import Timekeeper

_STEP_SHOULD_END_S = 10.0
"""A worker whose step takes longer does not do its work, long before it is replaced."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the gateway collects and stores; `reasons` says in sentences why not."""

    ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusSources:
    """Where the status comes from; every call is a snapshot that may be read from any thread."""

    workers: Callable[[], Mapping[str, WorkerView]]
    journal: Journal
    journal_max_bytes: int
    sinks: Callable[[], Sequence[DeliveryState]]
    buses: Buses
    timekeeper: Timekeeper
    parts: Callable[[], Mapping[str, Mapping[str, object]]] = dict
    """What parts say of themselves, by part."""
    devices: Callable[[], Sequence[DeviceView]] = tuple


class StatusBoard:
    """Builds the status from snapshots; called from request threads."""

    def __init__(
        self,
        gateway: str,
        version: str,
        simulated: bool,
        sources: StatusSources,
        clock: WallClock,
        views: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """`gateway`: its id; `views`: what the page learns of the views that parts bring.

        Time starts to count here.
        """
        self._gateway = gateway
        self._version = version
        self._simulated = simulated
        self._sources = sources
        self._clock = clock
        self._views = views
        self._started_mono = clock.monotonic()

    def status(self) -> Mapping[str, object]:
        """The document of GET /status."""
        return {
            "gateway": self._gateway,
            "version": self._version,
            "uptime_s": round(self._clock.monotonic() - self._started_mono, 3),
            "simulated": self._simulated,
            "clock": {
                "time": format_ms(self._clock.wall_ms()),
                **self._clock_view(),
            },
            "workers": self._workers(),
            "journal": self._journal(),
            "sinks": [_sink(state) for state in self._sources.sinks()],
            "buses": self._buses(),
            "parts": {name: dict(said) for name, said in self._sources.parts().items()},
            "views": [dict(view) for view in self._views],
        }

    def readiness(self) -> Readiness:
        """Ready means: collecting and storing. MongoDB may be away, that is a normal state."""
        reasons: list[str] = []
        views = self._sources.workers()
        for name in ("journal", "collection"):
            view = views.get(name)
            if view is None or view.state is not WorkerState.RUNNING:
                shown = view.state if view else WorkerState.STOPPED
                detail = f": {view.detail}" if view and view.detail else ""
                reasons.append(f"{name} is {shown}{detail}")
            elif view.trouble:
                reasons.append(f"{name}: {view.trouble}")
            elif (age := self._progress_age(view)) > _STEP_SHOULD_END_S:
                reasons.append(f"{name} has made no progress for {age:.0f} s")
        state = self._sources.journal.state()
        if state.status is JournalStatus.BLOCKED:
            reasons.append(f"the journal cannot store: {state.detail}")
        if state.shedding:
            reasons.append(
                "the journal's bound is reached: undelivered readings are dropped, oldest first"
            )
        return Readiness(not reasons, tuple(reasons))

    def summary(self) -> str:
        """One line, for `systemctl status`."""
        readiness = self.readiness()
        if not readiness.ready:
            return "; ".join(readiness.reasons)
        views = self._sources.devices()
        online = sum(view.state is DeviceState.ONLINE for view in views)
        return f"collecting and storing; {online} of {counted(len(views), 'device')} online"

    def gateway_id(self) -> str:
        """The name of this gateway."""
        return self._gateway

    def now_ms(self) -> int:
        """UTC in ms since 1970."""
        return self._clock.wall_ms()

    def now_mono(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    def _progress_age(self, view: WorkerView) -> float:
        return self._clock.monotonic() - (view.progress_mono or 0.0)

    def _workers(self) -> list[Mapping[str, Any]]:
        now = self._clock.monotonic()
        return [
            {
                "name": name,
                "state": view.state.value,
                "restarts": view.restarts,
                "progress_age_s": _age(now, view.progress_mono),
                "detail": view.trouble or view.detail,
            }
            for name, view in self._sources.workers().items()
        ]

    def _clock_view(self) -> Mapping[str, Any]:
        view = self._sources.timekeeper.view()
        return {
            "synchronized": view.synchronised,
            "witness": view.witness.value,
            "kernel_synchronized": view.kernel,
            "unsynced_readings": self._sources.journal.state().unsynced_rows,
        }

    def _journal(self) -> Mapping[str, Any]:
        state = self._sources.journal.state()
        return {
            "status": state.status.value,
            "detail": state.detail or None,
            "journal_id": state.journal_id,
            "queued": state.queued,
            "queue_max": state.queue_max,
            "last_row": state.last_row,
            "committed_rows": state.committed_rows,
            "commits": state.commits,
            "failed_commits": state.failed_commits,
            "duplicates": state.duplicates,
            "shed_rows": state.shed_rows,
            "shedding": state.shedding,
            "salvaged_rows": state.salvaged_rows,
            "unreadable_rows": state.unreadable_rows,
            "bytes": state.bytes_used,
            "bytes_max": self._sources.journal_max_bytes,
            "last_commit_age_s": _age(self._clock.monotonic(), state.last_commit_mono),
        }

    def _buses(self) -> list[Mapping[str, Any]]:
        stats = self._sources.buses.lock_stats()
        return [
            {
                "name": one.name,
                "type": one.type.value,
                "port": one.port,
                "transactions": stats[one.name].acquisitions,
                "waits": stats[one.name].contentions,
                "timeouts": stats[one.name].timeouts,
                "waiting": stats[one.name].waiting,
                "wait_max_ms": _ms(stats[one.name].wait_max_s),
                "hold_max_ms": _ms(stats[one.name].hold_max_s),
                "wait_total_s": round(stats[one.name].wait_total_s, 3),
                "hold_total_s": round(stats[one.name].hold_total_s, 3),
            }
            for one in self._sources.buses.settings
        ]


def _sink(state: DeliveryState) -> Mapping[str, Any]:
    return {
        "name": state.sink,
        "state": state.status.value,
        "lag_rows": state.lag_rows,
        "oldest_age_s": state.oldest_age_s,
        "delivered": state.delivered,
        "duplicates": state.duplicates,
        "rejected": state.rejected,
        "commands_delivered": state.commands_delivered,
        "commands_rejected": state.commands_rejected,
        "error": state.error,
        "last_error": state.last_error,
        "since": None if state.since_ms is None else format_ms(state.since_ms),
        "retry_in_s": round(state.retry_in_s, 3),
    }


def _age(now: float, then: float | None) -> float | None:
    return None if then is None else round(now - then, 3)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
