"""`gateway scan`: the devices on the buses, from the running gateway if there is one, else by a scan."""

import argparse
import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

from gateway.cli.client import ApiClient, ClientError, add_api, complain, make_client
from gateway.cli.configuration import read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED
from gateway.cli.terminal import table, wants_colours

if TYPE_CHECKING:
    from gateway.config.settings import Settings
    from gateway.discovery.survey import Found

NAME = "scan"
HELP = "scan the buses for Arduinos"
_HEADS = ("bus", "address", "what", "name", "uid", "boot", "firmware", "device", "detail")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The configuration, the gateway, --direct and --json."""
    add_api(parser)
    parser.add_argument(
        "--direct",
        action="store_true",
        help="scan the buses without asking a running gateway",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def execute(options: argparse.Namespace) -> int:
    """0: every bus was scanned; 1: not all; 78: the configuration is invalid."""
    settings = read_settings(options)
    if settings is None:
        return EXIT_CONFIG
    if not options.direct:
        try:
            client = make_client(options)
            devices = _of_running(client)
        except ClientError as error:
            complain(error)
            print("or scan the buses with --direct", file=sys.stderr)
            return EXIT_OTHER
        if devices is not None:
            print(
                f"the gateway at {client.url} is running and uses the buses; its devices:",
                file=sys.stderr,
            )
            _print(options.json, devices, [_row_of_device(device) for device in devices])
            return EXIT_STOPPED
    return _look(settings, as_json=options.json)


def _look(settings: "Settings", *, as_json: bool) -> int:
    from arduino_iface.serial_ports import arduino_ports
    from gateway.devices.buses import RealTransports, with_default_bus
    from gateway.discovery.survey import Answer, BusSurvey

    survey = BusSurvey(with_default_bus(settings), RealTransports(), arduino_ports)
    found = list(survey.run())
    _print(as_json, [_as_document(one) for one in found], [_row(one) for one in found])
    if not found:
        print("there is no bus to scan: name one in gateway.toml", file=sys.stderr)
    trouble = any(one.answer is Answer.TROUBLE for one in found)
    return EXIT_OTHER if trouble or not found else EXIT_STOPPED


def _of_running(client: ApiClient) -> list[dict[str, Any]] | None:
    """The devices of the running gateway; None when no gateway runs."""
    try:
        return client.list("/api/v1/devices", "devices")
    except ClientError as error:
        if isinstance(error.__cause__, ConnectionRefusedError):
            return None
        raise


def _print(as_json: bool, documents: object, rows: list[list[object]]) -> None:
    if as_json:
        print(json.dumps(documents, indent=2))
    elif rows:
        print("\n".join(table(_HEADS, rows, colours=wants_colours(sys.stdout))))


def _row(found: "Found") -> list[object]:
    who = found.identity
    return [
        found.bus,
        _hex(found.address),
        found.answer,
        None if who is None else who.schema.name,
        None if who is None else who.uid,
        None if who is None else who.boot,
        None if who is None else who.schema.firmware,
        found.device,
        found.detail or found.port,
    ]


def _row_of_device(device: dict[str, Any]) -> list[object]:
    return [
        device["bus"],
        _hex(device.get("address")),
        device["state"],
        device.get("name"),
        device.get("uid"),
        device.get("boot"),
        device.get("firmware"),
        device["id"],
        device.get("detail"),
    ]


def _as_document(found: "Found") -> dict[str, object]:
    document = {
        field.name: getattr(found, field.name)
        for field in dataclasses.fields(found)
        if field.name != "identity"
    }
    who = found.identity
    board = None
    if who is not None:
        schema = who.schema
        board = {"name": schema.name, "uid": who.uid, "boot": who.boot, "firmware": schema.firmware}
    return {**document, "board": board}


def _hex(address: int | None) -> str | None:
    return None if address is None else f"0x{address:02x}"
