"""`gateway journal`: the content and the integrity of the journal, and its dead letters.

Reading is safe beside a running gateway. Commands that change the journal need it for themselves and refuse
while a gateway has it.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.cli.configuration import add_files, read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED
from gateway.cli.terminal import table
from gateway.model.wording import counted

NAME = "journal"
HELP = "show and verify the journal; list, retry or drop dead letters"
_LIMIT = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own commands, each with their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    one = actions.add_parser("state", help="show what it holds; safe beside a running gateway")
    _add_common(one)
    one.add_argument("--json", action="store_true", help="print JSON")
    one = actions.add_parser(
        "verify", help="check the integrity of all of it; safe beside a running gateway"
    )
    _add_common(one)
    one = actions.add_parser(
        "dead-letters", help="handle the readings that a sink refused for good"
    )
    _add_common(one)
    one.add_argument(
        "what",
        choices=["list", "retry", "drop"],
        help="retry and drop need the gateway to be stopped",
    )
    one.add_argument("--sink", help="only those of this sink")
    one.add_argument(
        "--limit", type=_limit, default=100, help="list at most this many (default: 100)"
    )
    one.add_argument("--json", action="store_true", help="print JSON lines instead of a table")


def execute(options: argparse.Namespace) -> int:
    """Do the action; 1 when it failed or the journal is damaged."""
    from gateway.journal.errors import JournalError

    path = options.journal
    if path is None:
        settings = read_settings(options)
        if settings is None:
            return EXIT_CONFIG
        path = settings.journal.path
    actions: dict[str, Callable[[argparse.Namespace, Path], int]] = {
        "state": _state,
        "verify": _verify,
        "dead-letters": _dead_letters,
    }
    try:
        return actions[options.action](options, path)
    except JournalError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_OTHER


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="use this journal instead of the configured one",
    )
    add_files(parser)


def _limit(text: str) -> int:
    value = int(text)
    if not 1 <= value <= _LIMIT:
        raise ValueError(text)
    return value


def _state(options: argparse.Namespace, path: Path) -> int:
    from contextlib import closing

    from gateway.journal.reader import JournalReader
    from gateway.model.times import format_ms

    with closing(JournalReader(path)) as reader:
        stats = reader.stats()
    document = {
        "journal": str(path),
        "journal_id": stats.journal_id,
        "readings": stats.rows,
        "oldest": None if stats.oldest_ms is None else format_ms(stats.oldest_ms),
        "newest": None if stats.newest_ms is None else format_ms(stats.newest_ms),
        "bytes": stats.bytes_used,
        "losses": {reason.value: count for reason, count in stats.losses.items()},
        "sinks": {
            name: {"lag_rows": one.lag_rows, "dead_letters": one.dead_letters}
            for name, one in stats.sinks.items()
        },
    }
    if options.json:
        print(json.dumps(document, indent=2))
        return EXIT_STOPPED
    sinks, losses = document.pop("sinks"), document.pop("losses")
    for name, value in document.items():
        print(f"{name.replace('_', ' '):<11} {'-' if value is None else value}")
    print(f"{'lost':<11} {_counts(losses)}")
    for name, one in stats.sinks.items():
        print(
            f"{f'sink {name}':<11} {one.lag_rows} to deliver, {counted(one.dead_letters, 'dead letter')}"
        )
    return EXIT_STOPPED if sinks is not None else EXIT_OTHER


def _counts(losses: object) -> str:
    assert isinstance(losses, dict)
    return ", ".join(f"{count} {reason}" for reason, count in losses.items()) or "nothing"


def _verify(_: argparse.Namespace, path: Path) -> int:
    from gateway.journal.maintenance import verify

    findings = verify(path)
    for finding in findings:
        print(finding)
    if findings:
        print(
            f"{path} is damaged; when a gateway notices, it renames the file and begins a new one"
        )
        return EXIT_OTHER
    print(f"{path} is intact")
    return EXIT_STOPPED


def _dead_letters(options: argparse.Namespace, path: Path) -> int:
    from gateway.journal.maintenance import drop_dead_letters, retry_dead_letters

    if options.what == "retry":
        count = retry_dead_letters(path, options.sink)
        print(f"{counted(count, 'reading')} will be delivered again when the gateway runs")
    elif options.what == "drop":
        count = drop_dead_letters(path, options.sink)
        print(counted(count, "dead letter was dropped", "dead letters were dropped"))
    else:
        _list(options, path)
    return EXIT_STOPPED


def _list(options: argparse.Namespace, path: Path) -> None:
    from contextlib import closing

    from gateway.journal.reader import JournalReader
    from gateway.model.times import format_ms

    with closing(JournalReader(path)) as reader:
        found = reader.dead_letters(options.sink, limit=options.limit)
    rows = [
        (one.sink, format_ms(one.at_ms), one.stored.reading.device, one.stored.key, one.reason)
        for one in found
    ]
    heads = ("sink", "at", "device", "key", "reason")
    if options.json:
        for row in rows:
            print(json.dumps(dict(zip(heads, row, strict=True))))
    else:
        print("\n".join(table(heads, rows)))
