"""Stores samples in a journal and writes down, beside it, what it was told is stored.

Arguments: folder, number of the last sample. Some are delivered and trimmed on the way, so that the file
shrinks and grows, and checkpoints come in between.
"""

import sys
from pathlib import Path

from gateway.journal import Journal
from tests.journal.records import samples
from tests.support.clock import FakeClock

STEP = 40


def main(folder: Path, last: int) -> None:
    clock = FakeClock()
    journal = Journal(folder / "journal.db", clock=clock, max_bytes=1 << 19, keep_s=10**9)
    journal.open()
    journal.register("mongo", {"reading"})
    with (folder / "acknowledged").open("ab", buffering=0) as notes:
        for first in range(1, last, STEP):
            ticket = journal.append(samples(first, first + STEP - 1), urgent=True)
            clock.advance(61)  # so that retention has its turn
            journal.step(clock.monotonic())
            assert ticket.done
            notes.write(b"%d\n" % (first + STEP - 1))
            if first % (10 * STEP) == 1:
                journal.advance("mongo", journal.state().last_row - 200)
    journal.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
