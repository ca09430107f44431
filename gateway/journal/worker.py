"""The journal writer's thread: the only one that writes to the journal's file."""

from collections.abc import Callable

from gateway.journal.errors import JournalInUse, JournalTooNew, NotAJournal
from gateway.journal.journal import Journal
from gateway.model.errors import FatalError
from gateway.runtime.worker import Worker

EXIT_CONFIG = 78


class JournalWorker(Worker):
    """Opens the journal, commits in groups, closes it at the end.

    Not replaceable: a second writer beside one that hangs could damage the file.
    """

    name = "journal"
    replaceable = False
    stall_after_s = 30.0

    def __init__(
        self, journal: Journal, opened: Callable[[int | None], None] = lambda _: None
    ) -> None:
        """The journal outlives this worker; what is queued in it waits for the next one.

        `opened` is told the newest time (UTC in ms) in the file, None when it holds nothing.
        """
        super().__init__()
        self._journal = journal
        self._opened = opened

    def start_up(self) -> None:
        """Open the file. Raises `FatalError` when no later try could do better."""
        try:
            self._journal.open()
            self._opened(self._journal.newest_ms())
        except (JournalTooNew, NotAJournal) as error:
            raise FatalError(str(error), EXIT_CONFIG) from error
        except JournalInUse as error:
            raise FatalError(str(error)) from error

    def step(self, now: float) -> float:
        """Commit what is due."""
        return self._journal.step(now)

    def wait(self, timeout_s: float) -> None:
        """Until there is something to commit, or the time is over."""
        self._journal.wait_for_work(timeout_s)

    def wake(self) -> None:
        """End the wait."""
        self._journal.wake()

    def shut_down(self) -> None:
        """Store what is queued and close the file."""
        self._journal.close()
