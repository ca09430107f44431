"""`gateway export`: readings of the journal as a file, read page by page, so memory is bounded.

Safe beside a running gateway: exports exactly once what was stored when the export began.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.configuration import add_files, read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED

if TYPE_CHECKING:
    from gateway.cli.formats import ExportPlan
    from gateway.journal.reader import JournalReader
    from gateway.model.reading import StoredReading

NAME = "export"
HELP = "export stored readings as CSV, JSON lines or Parquet"
PAGE = 1000
_BAR = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Selection, format and target."""
    parser.add_argument("--device", metavar="D", help="only readings of this device")
    parser.add_argument(
        "--since", type=time_ms, metavar="T", help="only readings from this time on (RFC 3339)"
    )
    parser.add_argument(
        "--until", type=time_ms, metavar="T", help="only readings before this time (RFC 3339)"
    )
    parser.add_argument(
        "--format", choices=["csv", "jsonl", "parquet"], default="csv", help="default: csv"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write to this file instead of standard output",
    )
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="use this journal instead of the configured one",
    )
    add_files(parser)


def time_ms(text: str) -> int:
    """RFC 3339, or a date; without a zone it is UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def execute(options: argparse.Namespace) -> int:
    """Export; 1 when the journal cannot be read or the file cannot be written."""
    from gateway.cli.formats import ExportError
    from gateway.journal.errors import JournalError
    from gateway.journal.reader import JournalReader

    path = options.journal
    if path is None:
        settings = read_settings(options)
        if settings is None:
            return EXIT_CONFIG
        path = settings.journal.path
    try:
        with closing(JournalReader(path)) as reader:
            _export(reader, options)
    except BrokenPipeError:
        # The reader has gone (head). What Python still buffers must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OTHER
    except (JournalError, ExportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_OTHER
    except KeyboardInterrupt:
        print("interrupted; no file was written", file=sys.stderr)
        return EXIT_OTHER
    return EXIT_STOPPED


def _export(reader: "JournalReader", options: argparse.Namespace) -> None:
    from gateway.cli.formats import make_writer

    survey = _survey(reader, options)
    with (
        _target(options.output) as target,
        _progress(survey.readings) as tick,
        make_writer(options.format, target, survey) as write,
    ):
        for page in _pages(reader, options, survey.last_row):
            write(page)
            tick(len(page))


def _survey(reader: "JournalReader", options: argparse.Namespace) -> "ExportPlan":
    from gateway.cli.formats import ExportPlan

    survey = ExportPlan(last_row=reader.stats().last_row)
    for page in _pages(reader, options, survey.last_row):
        survey.readings += len(page)
        for stored in page:
            for name, value in stored.reading.values.items():
                survey.channels.setdefault(name, set()).add(type(value))
    return survey


def _pages(
    reader: "JournalReader", options: argparse.Namespace, last_row: int
) -> "Iterator[list[StoredReading]]":
    cursor = None
    while True:
        page = reader.readings(
            options.device,
            since_ms=options.since,
            until_ms=options.until,
            limit=PAGE,
            cursor=cursor,
        )
        yield [stored for stored in page.readings if stored.row <= last_row]
        cursor = page.next
        if cursor is None:
            return


@contextlib.contextmanager
def _target(path: Path | None) -> Iterator[Path | None]:
    """The file to write: a temporary one that replaces `path` on success."""
    if path is None:
        yield None
        return
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, if that is a terminal."""
    done = 0
    shown = sys.stderr.isatty() and total > 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if shown:
            filled = _BAR * done // total
            bar = "#" * filled + "." * (_BAR - filled)
            print(f"\r{bar} {done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        yield tick
    finally:
        if shown:
            print(file=sys.stderr)
