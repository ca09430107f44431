"""What a configuration that is right by itself may still lack on this machine."""

import os

from gateway.access.keys import KeyProblem, KeyStore
from gateway.access.loopback import is_loopback
from gateway.config.settings import Settings


def start_problems(settings: Settings) -> list[str]:
    """Why a gateway must not start with these settings, a sentence each; empty: it may."""
    # Imported here: not every command needs pymongo.
    from gateway.sinks.mongo.part import MongoSettings
    from gateway.sinks.mongo.sink import check_uri

    mongo = settings.parts.get("mongo")
    uri = mongo.uri if isinstance(mongo, MongoSettings) else None
    found = [f"MONGO_URI: {problem}" for problem in (check_uri(uri) if uri else [])]
    store = KeyStore(settings.keys_path)
    try:
        keys = store.read()
    except KeyProblem as error:
        return [*found, str(error)]
    if not keys and not is_loopback(settings.api.host):
        found.append(
            f"api.host: {settings.api.host} can be reached from other machines, and there is no access "
            f"key in {store.path}; type `{create_command()}`, or use host 127.0.0.1"
        )
    return found


def create_command() -> str:
    """What to type for a key that this gateway will find."""
    command = "gateway keys create --name NAME --scope admin"
    folder = os.environ.get("STATE_DIRECTORY")
    # Set by systemd for the service alone; a person's shell would look elsewhere.
    return f"sudo STATE_DIRECTORY={folder} {command}" if folder else command
