"""`gateway devices`: the devices of the running gateway."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from gateway.cli.client import ClientError, add_api, complain, make_client
from gateway.cli.exits import EXIT_OTHER, EXIT_STOPPED
from gateway.cli.terminal import table, wants_colours

NAME = "devices"
HELP = "list the devices of the running gateway with state and health"
_HEADS = (
    "device",
    "state",
    "bus",
    "address",
    "interval",
    "uid",
    "polls",
    "missed",
    "lost",
    "p99 ms",
    "detail",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The gateway, and --json."""
    add_api(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def execute(options: argparse.Namespace) -> int:
    """Print it; 1 when the gateway does not answer."""
    try:
        devices = make_client(options).list("/api/v1/devices", "devices")
    except ClientError as error:
        complain(error)
        return EXIT_OTHER
    if options.json:
        print(json.dumps(devices, indent=2))
        return EXIT_STOPPED
    rows = [_row(device) for device in devices]
    print("\n".join(table(_HEADS, rows, colours=wants_colours(sys.stdout))))
    return EXIT_STOPPED


def _row(device: Mapping[str, Any]) -> list[object]:
    health = device.get("health") or {}
    address = device.get("address")
    return [
        device["id"],
        device["state"],
        device["bus"],
        None if address is None else f"0x{address:02X}",
        f"{device['interval_s']:g} s",
        device.get("uid"),
        health.get("polls"),
        health.get("missed"),
        health.get("lost"),
        (health.get("latency_ms") or {}).get("p99"),
        device.get("detail"),
    ]
