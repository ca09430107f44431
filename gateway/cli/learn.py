"""`gateway learn`: what was learned from the lines of a sketch, as a table of gateway.toml."""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway.cli.client import ClientError, add_api, complain, make_client
from gateway.cli.configuration import read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED

NAME = "learn"
HELP = "print the [[device]] table of a sketch that prints lines, with what was learned of it"

_TYPES = {"i64": "integer", "bool": "bool", "text": "text"}
"""What `type` is in gateway.toml, where it is not the default."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The device, and the gateway."""
    parser.add_argument("device", metavar="DEVICE", help="id of the device")
    add_api(parser)


def execute(options: argparse.Namespace) -> int:
    """Print it; 1: the gateway does not answer or has learned nothing, 78: invalid configuration."""
    settings = read_settings(options)
    if settings is None:
        return EXIT_CONFIG
    try:
        device = make_client(options).get(f"/api/v1/devices/{quote(options.device, safe='')}")
    except ClientError as error:
        complain(error)
        return EXIT_OTHER
    table = _written(settings.config_file, options.device)
    learned = device["learned"]
    if table is None or learned is None:
        print(f"error: {_reason(options.device, device, table)}", file=sys.stderr)
        return EXIT_OTHER
    print("\n".join(learned_table(table, learned)))
    return EXIT_STOPPED


def learned_table(table: Mapping[str, Any], learned: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the table: as it is written, with the channels and the interval that were learned."""
    ignored, damaged = learned["ignored"], learned["damaged"]
    yield (
        f"# learned from the lines of {table['id']}; {_counted(ignored)} ignored,"
        f" {damaged} {'was' if damaged == 1 else 'were'} damaged"
    )
    for one in learned["unread"]:
        yield f"# not read: {json.dumps(one['text'], ensure_ascii=False)} {one['reason']}"
    yield "[[device]]"
    yield from _lines("device", _completed(table, learned))


def _counted(lines: int) -> str:
    return "1 line was" if lines == 1 else f"{lines} lines were"


def _completed(table: Mapping[str, Any], learned: Mapping[str, Any]) -> dict[str, Any]:
    from gateway.config.quantities import duration_text

    done = dict(table)
    if learned["interval_s"] is not None:
        done["interval"] = duration_text(learned["interval_s"])
    if "line" not in done:
        _complete(done, learned, 0)
        return done
    done["line"] = [dict(one) for one in done["line"]]
    for number, kind in enumerate(done["line"]):
        _complete(kind, learned, number)
    return done


def _complete(kind: dict[str, Any], learned: Mapping[str, Any], number: int) -> None:
    """Give a kind of line its channels, unless it has some."""
    channels = [_channel(one) for one in learned["channels"] if one["line"] == number]
    if channels and not kind.get("channels"):
        kind["channels"] = channels


def _channel(one: Mapping[str, Any]) -> dict[str, Any]:
    channel = {"name": one["name"]}
    if one["field"] != one["name"]:
        channel["field"] = one["field"]
    if one["type"] in _TYPES:
        channel["type"] = _TYPES[one["type"]]
    if one["unit"] is not None:
        channel["unit"] = one["unit"]
    return channel


def _written(config: Path | None, device: str) -> dict[str, Any] | None:
    """The device's table in the file, which was read once already; None: there is none."""
    if config is None:
        return None
    tables = tomllib.loads(config.read_text("utf-8-sig")).get("device", [])
    return next((one for one in tables if one["id"] == device), None)


def _reason(name: str, device: Mapping[str, Any], table: object) -> str:
    if device["driver"] != "lines":
        return f'{name} has the driver "{device["driver"]}"; channels are learned from "lines" only'
    if table is None:
        return f"there is no [[device]] {name} in the configuration; name its file with --config"
    return f"nothing was read from {name} yet: {device['detail'] or 'wait for its lines'}"


def _lines(path: str, table: Mapping[str, Any]) -> Iterator[str]:
    """A table as TOML: its values, then its lists of tables."""
    lists = {key: value for key, value in table.items() if _is_list_of_tables(value)}
    for key, value in table.items():
        if key not in lists:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in lists.items():
        for one in value:
            yield ""
            yield f"[[{path}.{_key(key)}]]"
            yield from _lines(f"{path}.{_key(key)}", one)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else _value(key)


def _value(value: object) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for this one character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
    return str(value)
