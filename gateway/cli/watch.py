"""`gateway watch`: live readings in the terminal, until Ctrl-C."""

import argparse
import contextlib
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from gateway.cli.client import ApiClient, ClientError, add_api, complain, make_client
from gateway.cli.exits import EXIT_OTHER, EXIT_STOPPED
from gateway.cli.terminal import age, out, readings_line, table, wants_colours

NAME = "watch"
HELP = "show live readings in the terminal until Ctrl-C"
_HEADS = ("device", "state", "age", "quality", "values")
# The alternate screen without a cursor, and back: the terminal keeps its content.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The gateway and the interval."""
    add_api(parser)
    parser.add_argument(
        "--interval",
        type=_interval,
        default=1.0,
        metavar="S",
        help="seconds between refreshes (default: 1)",
    )
    parser.add_argument("--once", action="store_true", help="print one table and exit")


def execute(options: argparse.Namespace) -> int:
    """Show it until Ctrl-C; 1 when the gateway does not answer at the beginning."""
    try:
        client = make_client(options)
        rows = _rows(client)
    except ClientError as error:
        complain(error)
        return EXIT_OTHER
    if options.once or not sys.stdout.isatty():
        print("\n".join(table(_HEADS, rows, colours=wants_colours(sys.stdout))))
        return EXIT_STOPPED
    try:
        with contextlib.suppress(KeyboardInterrupt):
            out(_ENTER)
            _watch(client, rows, options.interval)
    finally:
        out(_LEAVE)
    return EXIT_STOPPED


def _watch(client: ApiClient, rows: Sequence[Sequence[object]], interval_s: float) -> None:
    colours = wants_colours(sys.stdout)
    trouble = ""
    while True:
        width, height = shutil.get_terminal_size()
        title = f"{client.url}  {time.strftime('%H:%M:%S')}  {trouble or 'Ctrl-C ends'}"
        # Cut before colouring: an escape code cut in half would colour the rest of the screen.
        lines = table(_HEADS, rows)
        coloured = table(_HEADS, rows, colours=colours)
        shown = [
            tinted if len(line) < width else line[: width - 1]
            for line, tinted in zip(lines, coloured, strict=True)
        ]
        page = [title[: width - 1], "", *shown][: height - 1]
        out(_HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in page) + _REST_OF_SCREEN)
        time.sleep(interval_s)
        try:
            rows, trouble = _rows(client), ""
        except ClientError as error:
            trouble = str(error).partition(";")[0]


def _rows(client: ApiClient) -> list[list[object]]:
    states = {one["id"]: one["state"] for one in client.list("/api/v1/devices", "devices")}
    latest = {one["device"]: one for one in client.list("/api/v1/readings/latest", "readings")}
    return [_row(name, states.get(name), latest.get(name)) for name in sorted({*states, *latest})]


def _row(name: str, state: str | None, reading: dict[str, Any] | None) -> list[object]:
    if reading is None:
        return [name, state, None, None, None]
    shown = "stale" if state == "online" and reading["stale"] else state
    return [
        name,
        shown,
        age(reading["age_s"]),
        reading["quality"],
        readings_line(reading["values"]),
    ]


def _interval(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 3600:
        raise ValueError(text)
    return value
