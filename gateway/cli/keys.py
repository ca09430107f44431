"""`gateway keys`: make, list and revoke the access keys of the API."""

import argparse
import sys
import time

from gateway.cli.exit_codes import EXIT_OTHER, EXIT_STOPPED
from gateway.cli.options import Commands, add_file_options
from gateway.config.settings import Settings
from gateway.keys import KeyProblem, KeyStore, Scope
from gateway.times import format_ms


def add_to(commands: Commands) -> None:
    """Add the command to the program."""
    parser = commands.add_parser("keys", help="make, list and revoke access keys of the API")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("--name", required=True, help="who will use it; stands in the audit trail")
    create.add_argument(
        "--scope",
        required=True,
        choices=[scope.value for scope in Scope],
        help="each includes the ones before it",
    )
    listing = actions.add_parser("list", help="names and scopes; never the keys themselves")
    revoke = actions.add_parser("revoke", help="make a key worthless, at once")
    revoke.add_argument("name", metavar="NAME")
    for action in (create, listing, revoke):
        add_file_options(action)


def execute(options: argparse.Namespace, settings: Settings) -> int:
    """Carry out the action; a running gateway notices by itself."""
    store = KeyStore(settings.keys_path)
    try:
        match options.action:
            case "create":
                _create(store, options.name, Scope(options.scope))
            case "revoke":
                _revoke(store, options.name)
            case _:
                _list(store)
    except KeyProblem as error:
        print(error, file=sys.stderr)
        return EXIT_OTHER
    return EXIT_STOPPED


def _create(store: KeyStore, name: str, scope: Scope) -> None:
    secret = store.create(name, scope, time.time_ns() // 1_000_000)
    print(
        f"made the key {name!r} ({scope}) in {store.path}; it is not shown again", file=sys.stderr
    )
    # Alone on the standard output, so that a script can take it.
    print(secret)


def _revoke(store: KeyStore, name: str) -> None:
    store.revoke(name)
    print(f"revoked {name!r}")
    if not store.read():
        print("no key is left: on this machine the API is open to every local request again")


def _list(store: KeyStore) -> None:
    keys = store.read()
    if not keys:
        print(f"there are no keys in {store.path}")
        return
    width = max(len(key.name) for key in keys)
    for key in keys:
        print(f"{key.name:<{width}}  {key.scope:<7}  made {format_ms(key.created_ms)}")
