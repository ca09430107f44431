"""Appends without end and says on standard output what the journal reported as committed."""

import sys
import threading
from pathlib import Path

from gateway.journal import Journal
from gateway.runtime.clock import MachineClock
from tests.journal.records import UID, line, samples


def main() -> None:
    clock = MachineClock()
    journal = Journal(Path(sys.argv[1]), clock=clock, commit_interval_s=0.0)
    journal.open()
    produce = threading.Thread(target=append_for_ever, args=(journal,), daemon=True)
    produce.start()
    while True:
        journal.wait_for_work(1.0)
        journal.step(clock.monotonic())


def append_for_ever(journal: Journal) -> None:
    seq = journal.next_seq(UID, 1)
    print(f"from {seq}", flush=True)
    while True:
        ticket = journal.append([*samples(seq, seq + 19), line()])
        if ticket.wait(30):
            print(f"stored {seq + 19}", flush=True)
        seq += 20


if __name__ == "__main__":
    main()
