"""What does not get on is seen from outside, before it is replaced."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.devices.buses import Buses, RealTransports
from gateway.journal import Journal
from gateway.observe.status import StatusBoard, StatusSources
from gateway.runtime.supervisor import WorkerState, WorkerView
from gateway.runtime.timekeeper import Timekeeper
from tests.support.clock import FakeClock

RUNS = WorkerState.RUNNING


class Board:
    """A status board above worker views that the test writes."""

    def __init__(self, path: Path) -> None:
        self.clock = FakeClock()
        self.journal = Journal(path, clock=self.clock)
        self.journal.open()
        self.views: dict[str, WorkerView] = {}
        for name in ("journal", "collection", "delivery-mongo"):
            self.show(name)
        sources = StatusSources(
            self._workers,
            self.journal,
            1 << 30,
            list,
            Buses((), RealTransports()),
            Timekeeper(self.clock),
        )
        self.board = StatusBoard("here", "1", False, sources, self.clock)

    def show(self, name: str, *, state: WorkerState = RUNS, trouble: str | None = None) -> None:
        self.views[name] = WorkerView(name, state, 0, self.clock.monotonic(), "earlier", trouble)

    def detail(self, name: str) -> object:
        workers = self.board.status()["workers"]
        assert isinstance(workers, list)
        return next(one["detail"] for one in workers if one["name"] == name)

    def _workers(self) -> Mapping[str, WorkerView]:
        return self.views


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path / "journal.db")
    yield board
    board.journal.close()


def test_all_is_well(board: Board) -> None:
    assert board.board.readiness().ready
    assert board.detail("collection") == "earlier"


def test_trouble_of_a_running_worker_is_told(board: Board) -> None:
    board.show("collection", trouble="hangs: i2c1 for 12 s")
    assert board.board.readiness().reasons == ("collection: hangs: i2c1 for 12 s",)
    assert board.detail("collection") == "hangs: i2c1 for 12 s"


@pytest.mark.parametrize("name", ["journal", "collection"])
def test_no_progress_is_told_before_it_counts_as_a_stall(board: Board, name: str) -> None:
    board.clock.advance(12.0)
    for other in board.views.keys() - {name}:
        board.show(other)
    assert board.board.readiness().reasons == (f"{name} has made no progress for 12 s",)


def test_a_delivery_that_hangs_does_not_keep_the_gateway_from_collecting(board: Board) -> None:
    board.clock.advance(12.0)
    for name in ("journal", "collection"):
        board.show(name)
    assert board.board.readiness().ready
