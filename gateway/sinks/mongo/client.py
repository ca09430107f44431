"""The client of the driver: its defaults, its listener, and an address that can be used."""

from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from gateway.delivery.consumer import SinkUnavailable
from gateway.sinks.mongo.documents import Document
from gateway.sinks.mongo.errors import judge
from gateway.sinks.mongo.uri import problems_of

# Name of the driver's argument -> value, for what the address does not say itself.
_DEFAULTS: dict[str, Any] = {
    "timeoutMS": 5000,
    "serverSelectionTimeoutMS": 2000,
    "connectTimeoutMS": 2000,
    "w": "majority",
    "journal": True,
}


class ConnectionWatch(CommandListener):
    """Notes a new connection: the server behind it may be another one, without our index.

    The driver calls it in the thread that uses the client, for each command.
    """

    def __init__(self) -> None:
        self.is_new = True
        self._connection: tuple[object, ...] = ()

    def started(self, event: CommandStartedEvent) -> None:
        """Compare the connection with the last one."""
        connection = (event.connection_id, event.server_connection_id)
        if connection != self._connection:
            self._connection = connection
            self.is_new = True

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note nothing."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Note nothing: failures come as exceptions."""


def open_client(uri: str, gateway_id: str, watch: ConnectionWatch) -> MongoClient[Document]:
    """Make the client; nothing is sent yet. Raises `SinkUnavailable` for an unusable address."""
    if problems := problems_of(uri):
        raise SinkUnavailable(f"MONGO_URI: {'; '.join(problems)}", misconfigured=True)
    options = {name: value for name, value in _DEFAULTS.items() if not _says(uri, name)}
    try:
        return MongoClient(
            uri,
            connect=False,
            tz_aware=True,
            appname=f"arduino-gateway {gateway_id}"[:100],
            event_listeners=[watch],
            **options,
        )
    except PyMongoError as error:
        raise judge(error) or error from error


def _says(uri: str, option: str) -> bool:
    names = {part.partition("=")[0].lower() for part in uri.partition("?")[2].split("&")}
    return option.lower() in names
