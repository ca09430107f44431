"""`python -m dummy_hw`: simulated boards on pseudo-terminals, for a gateway in another process.

Prints `ready` when every port can be opened. SIGUSR1 stops sampling, so that what is held can be
drained. SIGUSR2 prints one JSON line for each board; SIGTERM or SIGINT does so too, and ends it.
"""

import argparse
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from arduino_iface.clock import SYSTEM_CLOCK
from dummy_hw import factory
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import Eeprom, FileEeprom, MemoryEeprom
from dummy_hw.pty_board import PtyBoards

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    options = _parser().parse_args(arguments)
    # Blocked and waited for, instead of handlers: an early signal is not lost, and no statement is
    # interrupted. Threads started later inherit the mask.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    boards = {f"board{number}": _board(number, options) for number in range(options.boards)}
    with PtyBoards(options.dir) as served:
        for name, board in boards.items():
            served.add(name, board)
        print("ready", flush=True)
        _obey(boards)
    _print_summaries(boards)
    return 0


def _obey(boards: Mapping[str, DummyBoard]) -> None:
    """Handle signals until one asks for the end."""
    while True:
        asked = signal.sigwait(_SIGNALS)
        if asked == signal.SIGUSR1:
            for board in boards.values():
                board.freeze(True)
            print("frozen", flush=True)
        elif asked == signal.SIGUSR2:
            _print_summaries(boards)
        else:
            return


def _print_summaries(boards: Mapping[str, DummyBoard]) -> None:
    for name, board in boards.items():
        print(json.dumps(_summary(name, board)), flush=True)


def _board(number: int, options: argparse.Namespace) -> DummyBoard:
    name = f"board{number}"
    eeprom: Eeprom = MemoryEeprom()
    if options.eeprom is not None:
        eeprom = FileEeprom(options.eeprom / f"{name}.eeprom.json")
    return factory.make(
        name,
        eeprom=eeprom,
        clock=SYSTEM_CLOCK,
        interval_s=options.interval,
        seed=options.seed * 1000 + number,
        ring_size=options.ring,
    )


def _summary(name: str, board: DummyBoard) -> dict[str, object]:
    status = board.status()
    return {
        "board": name,
        "uid": status.uid.hex(),
        "boot": status.boot,
        "samples_made": status.samples_made,
        "acknowledged": status.acknowledged,
        "overwritten": status.overwritten,
        "held": status.held,
        "lost_at_reset": status.lost_at_reset,
        "next_seq": status.next_seq,
        "executed": dict(status.executed),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dummy_hw", description=__doc__)
    parser.add_argument("--boards", type=_positive, default=1, help="how many (default 1)")
    parser.add_argument("--interval", type=_seconds, default=1.0, help="seconds between samples")
    parser.add_argument("--dir", type=Path, required=True, help="folder for the ports board0 ...")
    parser.add_argument("--seed", type=int, default=1, help="of the measured values")
    parser.add_argument("--ring", type=_positive, default=64, help="samples a board holds")
    parser.add_argument("--eeprom", type=Path, help="folder that keeps identities over restarts")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("below 1")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.001 <= number <= 86_400:
        raise ValueError("not from 0.001 to 86400")
    return number


if __name__ == "__main__":
    sys.exit(main())
