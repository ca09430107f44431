"""`gateway send DEVICE COMMAND [ARG=VALUE]...`: sends a command to a device and prints the outcome."""

import argparse
import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gateway.cli.client import ClientError, add_api, complain, make_client
from gateway.cli.exits import EXIT_OTHER, EXIT_STOPPED
from gateway.cli.terminal import plain

NAME = "send"
HELP = "send a command to a device through the running gateway and wait for the outcome"

_UNKNOWN = "it is not known whether it was done: check the device before you send it again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The device, the command, its arguments, and the gateway."""
    parser.add_argument(
        "device", metavar="DEVICE", help="id of the device; gateway devices lists them"
    )
    parser.add_argument("name", metavar="COMMAND", help="one of the device's commands")
    parser.add_argument(
        "arguments",
        nargs="*",
        type=_argument,
        metavar="ARG=VALUE",
        help="true, false, a number or a text; in quotes always a text: code='\"12\"'",
    )
    add_api(parser)


def execute(options: argparse.Namespace) -> int:
    """0: done; 1: not done or unknown; 2: an argument is given twice."""
    arguments = dict(options.arguments)
    if len(arguments) < len(options.arguments):
        print("error: an argument is given twice", file=sys.stderr)
        return 2
    path = f"/api/v1/devices/{quote(options.device, safe='')}/commands"
    document = {"name": options.name, "arguments": arguments}
    try:
        client = make_client(options)
        status, answer = client.post(path, document, {"Idempotency-Key": str(uuid.uuid4())})
    except ClientError as error:
        complain(error)
        if error.__cause__ is not None and not isinstance(error.__cause__, ConnectionRefusedError):
            print(_UNKNOWN, file=sys.stderr)
        return EXIT_OTHER
    what = f"{plain(options.device)}: {plain(options.name)}"
    if status == 200:
        print("\n".join(done(what, answer)))
        return EXIT_STOPPED
    print("\n".join(not_done(what, answer)), file=sys.stderr)
    return EXIT_OTHER


def done(what: str, command: Mapping[str, Any]) -> Sequence[str]:
    """The lines for a command that was done."""
    took = command.get("duration_ms")
    lines = [f"{what} done" + (f" in {took:.0f} ms" if took is not None else "")]
    for name in ("result", "detail"):
        if command.get(name) is not None:
            lines.append(f"  {plain(command[name])}")
    return lines


def not_done(what: str, problem: Mapping[str, Any]) -> Sequence[str]:
    """The lines for a command that was not done, or whose outcome is unknown."""
    code = problem.get("code")
    lines = [f"{what} not done: {plain(problem.get('detail') or problem.get('title'))}"]
    if code in ("outcome_unknown", "command_in_progress"):
        lines = [f"{what} sent: {plain(problem.get('detail'))}", f"  {_UNKNOWN}"]
    elif code in ("device_offline", "maintenance", "bus_busy", "journal_unavailable"):
        lines.append("  it was not sent; try again later")
    problems = problem.get("problems") or {}
    if len(problems) > 1:
        lines += [f"  {plain(name)}: {plain(text)}" for name, text in problems.items()]
    return lines


def _argument(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not ARG=VALUE, such as speed=128")
    return name, value_of(value)


def value_of(text: str) -> object:
    """The bool, number or text that `text` is written as. Pure."""
    try:
        value = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
