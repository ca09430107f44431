"""Names and metadata set at run time, over the real journal: who wins, and what is left after a restart."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.devices.labels import Label, LabelledDevices, Labels, NotStored
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.types import DeviceRow
from gateway.journal.worker import JournalWorker
from gateway.model.registry import DeviceState, DeviceView, Registry
from gateway.runtime.worker import WorkerThread
from tests.support.clock import FakeClock

VIEW = DeviceView(
    "a", "i2c1", 16, "protocol", DeviceState.ONLINE, 1.0, "board", metadata={"x": "1"}
)


@contextmanager
def journal_at(path: Path) -> Iterator[tuple[Journal, JournalReader]]:
    """A journal with its writer in a thread."""
    clock = FakeClock()
    journal = Journal(path, clock=clock)
    thread = WorkerThread(JournalWorker(journal), clock)
    thread.start()
    assert thread.settled.wait(30)
    reader = JournalReader(path)
    try:
        yield journal, reader
    finally:
        reader.close()
        thread.request_stop()
        assert thread.join(30)


def test_labels_survive_a_restart_beside_what_else_is_known(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with journal_at(path) as (journal, reader):
        labels = Labels(journal)
        labels.remember(reader.devices())
        labels.change("a", lambda label: replace(label, name="Name", metadata={}))
        labels.save_device(DeviceRow("a", "the board's name", uid="11", metadata={"from": "board"}))
        labels.save_device(DeviceRow("b", "another", uid="22", metadata={"from": "board"}))
        labels.change("a", lambda label: replace(label, metadata={"room": "A"}))
    with journal_at(path) as (journal, reader):
        labels = Labels(journal)
        labels.remember(reader.devices())
        assert labels.of("a") == Label("Name", {"room": "A"})
        assert labels.of("b") == Label()
        assert [row.uid for row in reader.devices()] == ["11", "22"]
        labels.change("a", lambda _: Label(None, {}))
    with journal_at(path) as (journal, reader):
        labels = Labels(journal)
        labels.remember(reader.devices())
        assert labels.of("a") == Label(None, {})


def test_what_was_set_before_the_journal_was_read_is_not_undone(tmp_path: Path) -> None:
    with journal_at(tmp_path / "journal.db") as (journal, _):
        labels = Labels(journal)
        labels.change("a", lambda _: Label("new"))
        labels.remember([DeviceRow("a", "old", metadata={"x": "y"})])
        assert labels.of("a") == Label("new")


def test_changes_at_the_same_time_are_both_kept(tmp_path: Path) -> None:
    with journal_at(tmp_path / "journal.db") as (journal, reader):
        labels = Labels(journal)
        changes: list[Callable[[Label], Label]] = [
            lambda label: replace(label, name="N"),
            lambda label: replace(label, metadata={"m": "1"}),
        ]
        threads = [threading.Thread(target=labels.change, args=("a", one)) for one in changes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert labels.of("a") == Label("N", {"m": "1"})
        (row,) = reader.devices()
        assert (row.name, row.metadata) == ("N", {"m": "1"})


def test_a_closed_journal_confirms_nothing(tmp_path: Path) -> None:
    labels = Labels(Journal(tmp_path / "journal.db", clock=FakeClock()))
    with pytest.raises(NotStored):
        labels.change("a", lambda _: Label("new"))


def test_views_are_shown_with_their_labels(tmp_path: Path) -> None:
    with journal_at(tmp_path / "journal.db") as (journal, _):
        registry, labels = Registry(), Labels(journal)
        devices = LabelledDevices(registry, labels)
        registry.publish(VIEW)
        assert devices.all() == (VIEW,)
        assert devices.change("b", lambda _: Label("x")) is None
        changed = devices.change("a", lambda label: replace(label, name="N"))
        assert changed == replace(VIEW, name="N")
        registry.publish(replace(VIEW, name="other board"))
        assert devices.get("a") == replace(VIEW, name="N")
        assert devices.change("a", lambda _: Label()) == replace(VIEW, name="other board")
        assert devices.get("b") is None
