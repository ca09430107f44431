"""`gateway keys`: create, list and revoke the access keys of the API."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from gateway.cli.configuration import add_files, read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED

if TYPE_CHECKING:
    from gateway.access.keys import KeyStore

NAME = "keys"
HELP = "create, list and revoke access keys of the API"
SCOPES = ("read", "command", "admin")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create a key; it is shown once")
    create.add_argument(
        "--name", required=True, help="name of the user or program; appears in the audit trail"
    )
    create.add_argument(
        "--scope",
        required=True,
        choices=SCOPES,
        help="each scope includes the ones before it",
    )
    listing = actions.add_parser("list", help="list names and scopes, not the keys themselves")
    revoke = actions.add_parser("revoke", help="revoke a key, at once")
    revoke.add_argument("name", metavar="NAME")
    for action in (create, listing, revoke):
        add_files(action)


def execute(options: argparse.Namespace) -> int:
    """Do the action; a running gateway notices the change by itself."""
    from gateway.access.keys import KeyProblem, KeyStore

    settings = read_settings(options)
    if settings is None:
        return EXIT_CONFIG
    store = KeyStore(settings.keys_path)
    try:
        match options.action:
            case "create":
                _create(store, options.name, options.scope)
            case "revoke":
                _revoke(store, options.name)
            case _:
                _list(store)
    except KeyProblem as error:
        print(error, file=sys.stderr)
        return EXIT_OTHER
    return EXIT_STOPPED


def _create(store: "KeyStore", name: str, scope: str) -> None:
    from gateway.access.keys import Scope

    secret = store.create(name, Scope(scope), time.time_ns() // 1_000_000)
    print(
        f"created the key {name!r} ({scope}) in {store.path}; it is not shown again",
        file=sys.stderr,
    )
    # Alone on standard output, for scripts.
    print(secret)


def _revoke(store: "KeyStore", name: str) -> None:
    store.revoke(name)
    print(f"revoked {name!r}")
    if not store.read():
        print("no key is left: the API is open to every local request again")


def _list(store: "KeyStore") -> None:
    from gateway.model.times import format_ms

    keys = store.read()
    if not keys:
        print(f"there are no keys in {store.path}")
        return
    width = max(len(key.name) for key in keys)
    for key in keys:
        print(f"{key.name:<{width}}  {key.scope:<7}  created {format_ms(key.created_ms)}")
