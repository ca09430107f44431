"""The measurement measures: a short one of each kind, and its arithmetic."""

import math
import os
from pathlib import Path

import pytest

import tools.bench.__main__ as program
from tools.bench import drain, size
from tools.bench.load import quantile
from tools.bench.machine import conditions
from tools.bench.measure import Plan, measure
from tools.bench.report import as_table, rows
from tools.bench.usage import usage_of


@pytest.mark.parametrize("i2c", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_short_measurement_finds_every_sample(tmp_path: Path, i2c: bool) -> None:
    result = measure(tmp_path, Plan(boards=2, rate=20.0, seconds=1.0, commands=10.0, i2c=i2c))
    assert result.exit_code == 0
    assert result.made.samples >= 40
    assert result.documents == result.distinct == result.made.samples
    assert (result.missing, result.made.overwritten) == (0, 0)
    assert set(result.outcomes) == {"done"}
    assert len(result.latencies_s) == result.outcomes["done"]
    assert result.sound
    table = as_table(rows(result, conditions(tmp_path)))
    assert "command latency p99" in table


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([1.0], 0.99, 1.0), ([float(n) for n in range(100)], 0.99, 98.0)],
)
def test_a_quantile_is_one_of_the_values(
    values: list[float], share: float, expected: float
) -> None:
    assert quantile(values, share) == expected


def test_a_quantile_of_nothing_is_not_a_number() -> None:
    assert math.isnan(quantile([], 0.5))


def test_usage_is_that_of_the_process() -> None:
    before = usage_of(os.getpid())
    while usage_of(os.getpid()).cpu_s <= before.cpu_s:
        pass
    assert before.peak_rss_bytes > 1 << 20
    assert before.threads >= 1


@pytest.mark.parametrize("count", [4_000, pytest.param(40_000, marks=pytest.mark.long)])
def test_a_backlog_is_drained_completely_in_bounded_memory(tmp_path: Path, count: int) -> None:
    # The median of the rates is for people to look at: this machine has other things to do.
    rounds, complete = drain.measure(tmp_path, count, 2)
    assert complete
    assert all(one.bare > 0 and one.ours > 0 for one in rounds)
    assert rounds[1].grown_bytes < 32 << 20


def test_a_short_measurement_of_the_size_says_all_of_it(tmp_path: Path) -> None:
    found = size.measure(tmp_path, devices=2, seconds=2.0, warm_up_s=1.0)
    assert found.seconds >= 2.0
    assert found.stored > 0
    assert found.after.rss_bytes <= found.after.peak_rss_bytes
    assert found.after.cpu_s >= found.before.cpu_s
    assert found.to_ready_s > 0
    assert {"resident memory", "CPU while measured", "start to READY"} <= size.rows(found).keys()


def test_only_measurements_that_exist_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["speed"]) == 2
    assert "throughput, size, drain, firmware" in capsys.readouterr().err
    assert set(program.BY_DEFAULT) <= program.MEASUREMENTS.keys()
