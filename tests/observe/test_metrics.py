"""The numbers of a gateway: every family well formed, and each number where it belongs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arduino_iface.lock import BUCKETS_S, Priority, PriorityLock
from gateway.delivery.state import DeliveryState, DeliveryStatus
from gateway.journal.journal import Journal
from gateway.log.system import LogStats
from gateway.model.command import CommandRecord, CommandState
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView
from gateway.observe.metrics import (
    CommandTally,
    Metric,
    Metrics,
    MetricSources,
    counter,
    gauge,
    histogram,
)
from gateway.runtime.supervisor import WorkerState, WorkerView
from tests.support.clock import FakeClock

DELIVERY = DeliveryState(
    "mongo", DeliveryStatus.OK, 12, 3.5, 100, 1, 2, 0, 0, None, None, None, 0.0
)
RECORD = CommandRecord("c1", "a", "fan", {}, CommandState.DONE, 0)


@pytest.fixture
def families(tmp_path: Any) -> dict[str, Metric]:
    clock = FakeClock()
    lock = PriorityLock(clock)
    with lock.hold(Priority.POLL, 0):
        clock.sleep(0.02)
    tally = CommandTally()
    for state in (CommandState.DONE, CommandState.DONE, CommandState.UNKNOWN):
        tally.note(replace(RECORD, state=state))
    health = DeviceHealth(polls=7, crc_errors=2, latency_ms_p50=2.5, latency_ms_p99=9.0)
    seen = DeviceView(
        "a", "i2c1", 16, "protocol", DeviceState.LATE, 1.0, last_seen_mono=990.0, health=health
    )
    unseen = DeviceView("b", "i2c1", 17, "protocol", DeviceState.OFFLINE, 1.0)
    sources = MetricSources(
        devices=lambda: [seen, unseen],
        buses=lambda: {"i2c1": lock.stats()},
        journal=Journal(tmp_path / "journal.db", clock=clock).state,
        sinks=lambda: [DELIVERY],
        workers=lambda: {
            "collection": WorkerView("collection", WorkerState.RUNNING, 3, 999.0, None)
        },
        logs=lambda: LogStats(4, 5),
        commands=tally,
    )
    found = list(Metrics(sources, "1.2.3", clock).collect())
    assert len({family.name for family in found}) == len(found)
    return {family.name: family for family in found}


def values(family: Metric) -> dict[tuple[str, ...], float]:
    """Its samples by the values of their labels."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_every_family_is_well_formed(families: dict[str, Metric]) -> None:
    for family in families.values():
        assert family.type in ("counter", "gauge", "histogram")
        assert family.documentation.endswith(".")
        assert len({frozenset(sample.labels) for sample in family.samples}) <= 2


def test_each_kind_has_its_form() -> None:
    with pytest.raises(ValueError, match="label"):
        counter("a", "A.", ("x",), [(("1", "2"), 1.0)])
    with pytest.raises(ValueError, match="shorter"):
        histogram("a", "A.", (), [((), (1, 2), 1.0)], (0.5, 1.0))
    found = histogram("a", "A.", ("x",), [(("1",), (1, 2, 3), 0.25)], (0.5, 1.0))
    assert [(one.name, one.labels.get("le"), one.value) for one in found.samples] == [
        ("a_bucket", "0.5", 1),
        ("a_bucket", "1", 3),
        ("a_bucket", "+Inf", 6),
        ("a_count", None, 6),
        ("a_sum", None, 0.25),
    ]
    assert [one.name for one in counter("b", "B.", (), [((), 1.0)]).samples] == ["b_total"]


def test_further_sources_are_asked_every_time(tmp_path: Path) -> None:
    asked: list[int] = []

    def source() -> Iterator[Metric]:
        asked.append(1)
        yield gauge("gateway_things", "Things.", (), [((), len(asked))])

    clock = FakeClock()
    sources = MetricSources(
        devices=list,
        buses=dict,
        journal=Journal(tmp_path / "journal.db", clock=clock).state,
        sinks=list,
        workers=dict,
        logs=lambda: LogStats(0, 0),
        commands=CommandTally(),
    )
    metrics = Metrics(sources, "1.2.3", clock, [source])
    for expected in (1, 2):
        *_, last = metrics.collect()
        assert (last.name, values(last)) == ("gateway_things", {(): expected})


def test_devices(families: dict[str, Metric]) -> None:
    assert values(families["gateway_device_polls"]) == {("a",): 7, ("b",): 0}
    assert values(families["gateway_device_crc_errors"]) == {("a",): 2, ("b",): 0}
    state = values(families["gateway_device_state"])
    assert [labels for labels, value in state.items() if value] == [("a", "late"), ("b", "offline")]
    assert values(families["gateway_device_request_seconds"]) == {
        ("a", "0.5"): 0.0025,
        ("a", "0.99"): 0.009,
    }
    age = values(families["gateway_device_last_seen_age_seconds"])
    assert age == {("a",): pytest.approx(10.02)}


def test_buses(families: dict[str, Metric]) -> None:
    held = {
        (one.name.rpartition("_")[2], one.labels.get("le")): one.value
        for one in families["gateway_bus_transaction_seconds"].samples
    }
    assert (held["count", None], held["sum", None]) == (1, pytest.approx(0.02))
    assert held["bucket", "+Inf"] == 1
    assert sum(name == "bucket" for name, _ in held) == len(BUCKETS_S) + 1
    assert values(families["gateway_bus_transactions"]) == {("i2c1",): 1}


def test_the_rest(families: dict[str, Metric]) -> None:
    outcomes = values(families["gateway_commands"])
    assert (outcomes["done",], outcomes["unknown",], outcomes["refused",]) == (2, 1, 0)
    assert ("sent",) not in outcomes
    assert values(families["gateway_worker_running"]) == {("collection",): 1}
    assert values(families["gateway_worker_restarts"]) == {("collection",): 3}
    assert values(families["gateway_delivery_lag_rows"]) == {("mongo",): 12}
    assert values(families["gateway_delivery_lag_seconds"]) == {("mongo",): 3.5}
    assert values(families["gateway_log_dropped"]) == {(): 4}
    assert values(families["gateway_journal_queued"]) == {(): 0}
    assert values(families["gateway_build_info"]) == {("1.2.3",): 1}
    (threads,) = values(families["gateway_threads"]).values()
    assert threads >= 1
