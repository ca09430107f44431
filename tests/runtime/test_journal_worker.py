"""The journal's thread: what no later try could do better ends the process, with the right code."""

from pathlib import Path

import pytest

from gateway.journal.errors import JournalClosed, JournalInUse, JournalTooNew, NotAJournal
from gateway.journal.journal import Journal
from gateway.journal.worker import JournalWorker
from gateway.model.errors import FatalError
from gateway.runtime.worker import WorkerThread
from tests.journal.records import samples
from tests.support.clock import FakeClock


class RefusingJournal(Journal):
    refusal: Exception = JournalInUse("another gateway")

    def open(self) -> None:
        raise self.refusal


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (JournalTooNew("of version 9"), 78),
        (NotAJournal("a browser's history"), 78),
        (JournalInUse("another gateway"), 1),
    ],
)
def test_a_journal_that_cannot_be_used_ends_the_process(
    tmp_path: Path, error: Exception, exit_code: int
) -> None:
    journal = RefusingJournal(tmp_path / "journal.db", clock=FakeClock())
    journal.refusal = error
    with pytest.raises(FatalError) as caught:
        JournalWorker(journal).start_up()
    assert (caught.value.exit_code, str(caught.value)) == (exit_code, str(error))


def test_it_stores_what_is_given_and_what_is_left_at_the_end(tmp_path: Path) -> None:
    clock = FakeClock()
    journal = Journal(tmp_path / "journal.db", clock=clock, commit_interval_s=0.0)
    waiting = journal.append(samples(1, 3))
    thread = WorkerThread(JournalWorker(journal), clock)
    thread.start()
    assert waiting.wait(20.0)
    later = journal.append(samples(4, 5))
    thread.request_stop()
    assert thread.join(20.0)
    assert thread.failure is None
    assert later.done
    with pytest.raises(JournalClosed):
        journal.step(clock.monotonic())


def test_a_new_worker_goes_on_with_the_same_journal(tmp_path: Path) -> None:
    clock = FakeClock()
    journal = Journal(tmp_path / "journal.db", clock=clock, commit_interval_s=0.0)
    for first in (1, 4, 7):
        thread = WorkerThread(JournalWorker(journal), clock)
        thread.start()
        assert journal.append(samples(first, first + 2)).wait(20.0)
        thread.request_stop()
        assert thread.join(20.0)
    assert journal.state().committed_rows == 9
