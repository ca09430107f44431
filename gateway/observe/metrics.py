"""Everything that can be counted, as plain families of samples; `api` gives them their Prometheus form."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from arduino_iface.lock import BUCKETS_S, LockStats
from gateway.delivery.state import DeliveryState
from gateway.journal.types import JournalState, JournalStatus
from gateway.log.system import LogStats
from gateway.model.command import CommandRecord, CommandState
from gateway.model.registry import DeviceState, DeviceView
from gateway.runtime.clock import WallClock
from gateway.runtime.supervisor import WorkerState, WorkerView


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts per bucket (not cumulative, one more than there are bounds), and the sum of the values."""

    counts: Sequence[int]
    total: float
    bounds: Sequence[float] = BUCKETS_S


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: `kind` is counter, gauge or histogram; each sample has a value for every label."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]
    samples: Sequence[tuple[tuple[str, ...], float | Histogram]]


class CommandTally:
    """How commands ended, since the start. Thread-safe."""

    def __init__(self) -> None:
        """Nothing has ended yet."""
        self._guard = threading.Lock()  # guards _counts, held for an addition
        self._counts: Counter[CommandState] = Counter()

    def note(self, record: CommandRecord) -> None:
        """A command has come to its end."""
        with self._guard:
            self._counts[record.state] += 1

    def counts(self) -> Mapping[CommandState, int]:
        """Commands by how they ended."""
        with self._guard:
            return dict(self._counts)


@dataclass(frozen=True, slots=True)
class MetricSources:
    """Where the numbers come from; every call is a snapshot that may be taken by any thread."""

    devices: Callable[[], Sequence[DeviceView]]
    buses: Callable[[], Mapping[str, LockStats]]
    journal: Callable[[], JournalState]
    sinks: Callable[[], Sequence[DeliveryState]]
    workers: Callable[[], Mapping[str, WorkerView]]
    logs: Callable[[], LogStats]
    commands: CommandTally


class Metrics:
    """Puts the families together; called from request threads."""

    def __init__(self, sources: MetricSources, version: str, clock: WallClock) -> None:
        """Reads nothing yet."""
        self._sources = sources
        self._version = version
        self._clock = clock

    def families(self) -> Iterable[Family]:
        """Everything, as of now."""
        sources = self._sources
        yield Family(
            "gateway_build_info",
            "gauge",
            "Version of the gateway.",
            ("version",),
            [((self._version,), 1)],
        )
        yield from _devices(sources.devices(), self._clock.monotonic())
        yield from _buses(sources.buses())
        yield from _journal(sources.journal())
        yield from _sinks(sources.sinks())
        yield from _workers(sources.workers(), self._clock.monotonic())
        yield from _logs(sources.logs())
        counts = sources.commands.counts()
        yield Family(
            "gateway_commands",
            "counter",
            "Commands by how they ended.",
            ("outcome",),
            [((state.value,), counts.get(state, 0)) for state in CommandState if state.final],
        )
        yield Family(
            "gateway_threads", "gauge", "Threads that run.", (), [((), threading.active_count())]
        )


def _devices(views: Sequence[DeviceView], now: float) -> Iterator[Family]:
    counters = {
        "polls": "Polls that were answered.",
        "missed": "Polls that were due and not made.",
        "retries": "Requests that were sent again.",
        "crc_errors": "Frames that were damaged.",
        "resets": "Starts of the board noticed.",
        "lost": "Samples that the board had to overwrite.",
    }
    for name, meaning in counters.items():
        yield Family(
            f"gateway_device_{name}",
            "counter",
            meaning,
            ("device",),
            [((view.id,), getattr(view.health, name)) for view in views],
        )
    yield Family(
        "gateway_device_state",
        "gauge",
        "1 for the state that the device is in.",
        ("device", "state"),
        [((v.id, state.value), int(v.state is state)) for v in views for state in DeviceState],
    )
    yield Family(
        "gateway_device_last_seen_age_seconds",
        "gauge",
        "Since the last valid exchange.",
        ("device",),
        [((v.id,), now - v.last_seen_mono) for v in views if v.last_seen_mono is not None],
    )
    quantiles = {"0.5": "latency_ms_p50", "0.99": "latency_ms_p99"}
    yield Family(
        "gateway_device_request_seconds",
        "gauge",
        "Latest requests with their replies, by quantile.",
        ("device", "quantile"),
        [
            ((view.id, quantile), value / 1000)
            for view in views
            for quantile, name in quantiles.items()
            if (value := getattr(view.health, name)) is not None
        ],
    )


def _buses(stats: Mapping[str, LockStats]) -> Iterator[Family]:
    def one(name: str, kind: str, meaning: str, value: Callable[[LockStats], float]) -> Family:
        samples = [((bus,), value(found)) for bus, found in stats.items()]
        return Family(f"gateway_bus_{name}", kind, meaning, ("bus",), samples)

    yield one("transactions", "counter", "Transactions on the wire.", lambda s: s.acquisitions)
    yield one("waits", "counter", "Transactions that had to wait.", lambda s: s.contentions)
    yield one("timeouts", "counter", "Waits that were given up.", lambda s: s.timeouts)
    yield one("waiting", "gauge", "Who waits for the bus now.", lambda s: s.waiting)
    yield Family(
        "gateway_bus_wait_seconds",
        "histogram",
        "Waiting for the bus, of every transaction.",
        ("bus",),
        [((bus,), Histogram(s.wait_buckets, s.wait_total_s)) for bus, s in stats.items()],
    )
    yield Family(
        "gateway_bus_transaction_seconds",
        "histogram",
        "Holding the bus: one transaction on the wire.",
        ("bus",),
        [((bus,), Histogram(s.hold_buckets, s.hold_total_s)) for bus, s in stats.items()],
    )


def _single(name: str, kind: str, meaning: str, value: float) -> Family:
    return Family(name, kind, meaning, (), [((), value)])


def _journal(state: JournalState) -> Iterator[Family]:
    blocked = int(state.status is JournalStatus.BLOCKED)
    yield _single("gateway_journal_blocked", "gauge", "1 while nothing can be stored.", blocked)
    counters = {
        "committed_rows": "Readings stored.",
        "commits": "Commits to disk.",
        "failed_commits": "Commits that failed and were tried again.",
        "duplicates": "Readings that were stored already.",
        "shed_rows": "Undelivered readings given up for the size bound.",
        "trimmed_rows": "Delivered readings removed for age or size.",
    }
    for name, meaning in counters.items():
        yield _single(f"gateway_journal_{name}", "counter", meaning, getattr(state, name))
    yield _single("gateway_journal_queued", "gauge", "Readings not on disk yet.", state.queued)
    yield _single("gateway_journal_bytes", "gauge", "Size of what it holds.", state.bytes_used)


def _sinks(states: Sequence[DeliveryState]) -> Iterator[Family]:
    def one(name: str, kind: str, meaning: str, value: Callable[[DeliveryState], float]) -> Family:
        samples = [((state.sink,), value(state)) for state in states]
        return Family(f"gateway_delivery_{name}", kind, meaning, ("sink",), samples)

    yield one("lag_rows", "gauge", "Readings that wait for delivery.", lambda s: s.lag_rows)
    yield one(
        "lag_seconds", "gauge", "Age of the oldest that waits.", lambda s: s.oldest_age_s or 0.0
    )
    yield one("delivered", "counter", "Readings delivered.", lambda s: s.delivered)
    yield one("duplicates", "counter", "Readings that were there already.", lambda s: s.duplicates)
    yield one("rejected", "counter", "Readings refused for good.", lambda s: s.rejected)


def _workers(views: Mapping[str, WorkerView], now: float) -> Iterator[Family]:
    yield Family(
        "gateway_worker_running",
        "gauge",
        "1 while the worker runs.",
        ("worker",),
        [((name,), int(view.state is WorkerState.RUNNING)) for name, view in views.items()],
    )
    yield Family(
        "gateway_worker_restarts",
        "counter",
        "Restarts of a worker.",
        ("worker",),
        [((name,), view.restarts) for name, view in views.items()],
    )
    yield Family(
        "gateway_worker_progress_age_seconds",
        "gauge",
        "Since its last completed step.",
        ("worker",),
        [
            ((name,), now - view.progress_mono)
            for name, view in views.items()
            if view.progress_mono is not None
        ],
    )


def _logs(stats: LogStats) -> Iterator[Family]:
    yield _single("gateway_log_dropped", "counter", "Records dropped unwritten.", stats.dropped)
    yield _single("gateway_log_unwritten", "counter", "Lines the disk refused.", stats.unwritten)
