"""Everything that can be counted, as Prometheus knows it: counters, gauges, histograms."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from arduino_iface.lock import BUCKETS_S, LockStats
from gateway.delivery.state import DeliveryState
from gateway.journal.types import JournalState, JournalStatus
from gateway.log.system import LogStats
from gateway.model.command import CommandRecord, CommandState
from gateway.model.registry import DeviceState, DeviceView
from gateway.runtime.clock import WallClock
from gateway.runtime.supervisor import WorkerState, WorkerView

__all__ = ["CommandTally", "Metric", "MetricSources", "Metrics", "counter", "gauge", "histogram"]

Labels = tuple[str, ...]
Samples = Iterable[tuple[Labels, float]]
"""Values by the values of the labels, in the order of the labels' names."""


_Kind = Callable[[str, str, Labels, Samples], Metric]


def counter(name: str, help: str, labels: Labels, samples: Samples) -> Metric:
    """A number that only rises; `name` without `_total`."""
    return _filled(CounterMetricFamily(name, help, labels=labels), labels, samples)


def gauge(name: str, help: str, labels: Labels, samples: Samples) -> Metric:
    """A number that rises and falls."""
    return _filled(GaugeMetricFamily(name, help, labels=labels), labels, samples)


def histogram(
    name: str,
    help: str,
    labels: Labels,
    samples: Iterable[tuple[Labels, Sequence[int], float]],
    bounds: Sequence[float] = BUCKETS_S,
) -> Metric:
    """A distribution. Each sample: its labels, the counts in each bucket, and the sum of the values.

    The counts are not cumulative; there is one more than there are upper `bounds`, for what is above all.
    """
    metric = HistogramMetricFamily(name, help, labels=labels)
    edges = [*(format(bound, "g") for bound in bounds), "+Inf"]
    for values, counts, total in samples:
        buckets = list(zip(edges, accumulate(counts), strict=True))
        metric.add_metric(_checked(labels, values), buckets, total)
    return metric


def _filled(
    metric: CounterMetricFamily | GaugeMetricFamily, labels: Labels, samples: Samples
) -> Metric:
    for values, value in samples:
        metric.add_metric(_checked(labels, values), value)
    return metric


def _checked(labels: Labels, values: Labels) -> Labels:
    """The library would leave out what is too much, and the label that has no value."""
    if len(values) != len(labels):
        raise ValueError(f"{values} are not values for the labels {labels}")
    return values


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


class Metrics(Collector):
    """Puts everything together whenever Prometheus asks; called from request threads."""

    def __init__(
        self,
        sources: MetricSources,
        version: str,
        clock: WallClock,
        more: Sequence[Callable[[], Iterable[Metric]]] = (),
    ) -> None:
        """`more` are further sources, such as those of parts; each is asked every time."""
        self._sources = sources
        self._version = version
        self._clock = clock
        self._more = more

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        sources, now = self._sources, self._clock.monotonic()
        version = [((self._version,), 1)]
        yield gauge("gateway_build_info", "Version of the gateway.", ("version",), version)
        yield from _devices(sources.devices(), now)
        yield from _buses(sources.buses())
        yield from _journal(sources.journal())
        yield from _sinks(sources.sinks())
        yield from _workers(sources.workers(), now)
        yield from _logs(sources.logs())
        counts = sources.commands.counts()
        yield counter(
            "gateway_commands",
            "Commands by how they ended.",
            ("outcome",),
            [((state.value,), counts.get(state, 0)) for state in CommandState if state.final],
        )
        yield _single(gauge, "gateway_threads", "Threads that run.", threading.active_count())
        for source in self._more:
            yield from source()


def _devices(views: Sequence[DeviceView], now: float) -> Iterator[Metric]:
    counters = {
        "polls": "Polls that were answered.",
        "missed": "Polls that were due and not made.",
        "retries": "Requests that were sent again.",
        "crc_errors": "Frames that were damaged.",
        "resets": "Starts of the board noticed.",
        "lost": "Samples that the board had to overwrite.",
    }
    for name, meaning in counters.items():
        values = [((view.id,), getattr(view.health, name)) for view in views]
        yield counter(f"gateway_device_{name}", meaning, ("device",), values)
    yield gauge(
        "gateway_device_state",
        "1 for the state that the device is in.",
        ("device", "state"),
        [((v.id, state.value), int(v.state is state)) for v in views for state in DeviceState],
    )
    yield gauge(
        "gateway_device_last_seen_age_seconds",
        "Since the last valid exchange.",
        ("device",),
        [((v.id,), now - v.last_seen_mono) for v in views if v.last_seen_mono is not None],
    )
    quantiles = {"0.5": "latency_ms_p50", "0.99": "latency_ms_p99"}
    yield gauge(
        "gateway_device_request_seconds",
        "Latest requests with their replies, by quantile.",
        ("device", "quantile"),
        [
            ((view.id, quantile), value / 1000)
            for view in views
            for quantile, name in quantiles.items()
            if (value := getattr(view.health, name)) is not None
        ],
    )


def _buses(stats: Mapping[str, LockStats]) -> Iterator[Metric]:
    def one(kind: _Kind, name: str, meaning: str, value: Callable[[LockStats], float]) -> Metric:
        samples = [((bus,), value(found)) for bus, found in stats.items()]
        return kind(f"gateway_bus_{name}", meaning, ("bus",), samples)

    yield one(counter, "transactions", "Transactions on the wire.", lambda s: s.acquisitions)
    yield one(counter, "waits", "Transactions that had to wait.", lambda s: s.contentions)
    yield one(counter, "timeouts", "Waits that were given up.", lambda s: s.timeouts)
    yield one(gauge, "waiting", "Who waits for the bus now.", lambda s: s.waiting)
    yield histogram(
        "gateway_bus_wait_seconds",
        "Waiting for the bus, of every transaction.",
        ("bus",),
        [((bus,), s.wait_buckets, s.wait_total_s) for bus, s in stats.items()],
    )
    yield histogram(
        "gateway_bus_transaction_seconds",
        "Holding the bus: one transaction on the wire.",
        ("bus",),
        [((bus,), s.hold_buckets, s.hold_total_s) for bus, s in stats.items()],
    )


def _single(kind: _Kind, name: str, meaning: str, value: float) -> Metric:
    return kind(name, meaning, (), [((), value)])


def _journal(state: JournalState) -> Iterator[Metric]:
    blocked = int(state.status is JournalStatus.BLOCKED)
    yield _single(gauge, "gateway_journal_blocked", "1 while nothing can be stored.", blocked)
    counters = {
        "committed_rows": "Readings stored.",
        "commits": "Commits to disk.",
        "failed_commits": "Commits that failed and were tried again.",
        "duplicates": "Readings that were stored already.",
        "shed_rows": "Undelivered readings given up for the size bound.",
        "trimmed_rows": "Delivered readings removed for age or size.",
    }
    for name, meaning in counters.items():
        yield _single(counter, f"gateway_journal_{name}", meaning, getattr(state, name))
    yield _single(gauge, "gateway_journal_queued", "Readings not on disk yet.", state.queued)
    yield _single(gauge, "gateway_journal_bytes", "Size of what it holds.", state.bytes_used)


def _sinks(states: Sequence[DeliveryState]) -> Iterator[Metric]:
    def one(
        kind: _Kind, name: str, meaning: str, value: Callable[[DeliveryState], float]
    ) -> Metric:
        samples = [((state.sink,), value(state)) for state in states]
        return kind(f"gateway_delivery_{name}", meaning, ("sink",), samples)

    yield one(gauge, "lag_rows", "Readings that wait for delivery.", lambda s: s.lag_rows)
    yield one(
        gauge, "lag_seconds", "Age of the oldest that waits.", lambda s: s.oldest_age_s or 0.0
    )
    yield one(counter, "delivered", "Readings delivered.", lambda s: s.delivered)
    yield one(counter, "duplicates", "Readings that were there already.", lambda s: s.duplicates)
    yield one(counter, "rejected", "Readings refused for good.", lambda s: s.rejected)


def _workers(views: Mapping[str, WorkerView], now: float) -> Iterator[Metric]:
    yield gauge(
        "gateway_worker_running",
        "1 while the worker runs.",
        ("worker",),
        [((name,), int(view.state is WorkerState.RUNNING)) for name, view in views.items()],
    )
    yield counter(
        "gateway_worker_restarts",
        "Restarts of a worker.",
        ("worker",),
        [((name,), view.restarts) for name, view in views.items()],
    )
    yield gauge(
        "gateway_worker_progress_age_seconds",
        "Since its last completed step.",
        ("worker",),
        [
            ((name,), now - view.progress_mono)
            for name, view in views.items()
            if view.progress_mono is not None
        ],
    )


def _logs(stats: LogStats) -> Iterator[Metric]:
    yield _single(counter, "gateway_log_dropped", "Records dropped unwritten.", stats.dropped)
    yield _single(counter, "gateway_log_unwritten", "Lines the disk refused.", stats.unwritten)
