"""Problems of a valid configuration that keep a gateway from starting on this machine."""

import os

from gateway.access.keys import KeyProblem, KeyStore
from gateway.access.loopback import is_loopback
from gateway.config.settings import Settings
from gateway.host.parts import Parts


def start_problems(settings: Settings) -> list[str]:
    """Why a gateway must not start with these settings, a sentence each; empty when it may."""
    found = list(Parts(settings).start_problems())
    store = KeyStore(settings.keys_path)
    try:
        keys = store.read()
    except KeyProblem as error:
        return [*found, str(error)]
    if not keys and not is_loopback(settings.api.host):
        found.append(
            f"api.host: {settings.api.host} can be reached from other machines, and there is no access "
            f"key in {store.path}; create one with `{create_command()}`, or use host 127.0.0.1"
        )
    return found


def create_command() -> str:
    """The command that creates a key where this gateway looks."""
    command = "gateway keys create --name NAME --scope admin"
    folder = os.environ.get("STATE_DIRECTORY")
    # systemd sets it for the service only; in a user's shell another folder would be used.
    return f"sudo STATE_DIRECTORY={folder} {command}" if folder else command
