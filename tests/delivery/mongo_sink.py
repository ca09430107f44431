"""The consumers of MongoDB as one sink, asked one by one."""

import time
from collections.abc import Callable, Sequence

from gateway.delivery.consumer import Consumer, Entry, Rejected
from gateway.model.heartbeat import Heartbeat
from gateway.sinks.mongo.consumers import MongoCommands, MongoHeartbeat, MongoReadings
from gateway.sinks.mongo.target import MongoTarget

WITHIN_S = 25.0


class MongoSink:
    """Over one client; any call makes the connection."""

    name = "mongo"

    def __init__(self, uri: str, database: str, gateway_id: str) -> None:
        self._target = MongoTarget(uri, database, gateway_id)
        self._readings = MongoReadings(self._target, self.name)
        self._commands = MongoCommands(self._target, f"{self.name}-commands")

    @property
    def duplicates(self) -> int:
        return self._readings.duplicates

    def consumers(self, describe: Callable[[], Heartbeat]) -> list[Consumer]:
        heartbeat = MongoHeartbeat(self._target, f"{self.name}-heartbeat", describe)
        return [self._readings, self._commands, heartbeat]

    def deliver(self, readings: Sequence[Entry]) -> Sequence[Rejected]:
        return self._readings.take(readings, time.monotonic() + WITHIN_S)

    def deliver_commands(self, commands: Sequence[Entry]) -> Sequence[Rejected]:
        return self._commands.take(commands, time.monotonic() + WITHIN_S)

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        self.consumers(lambda: heartbeat)[2].idle(0.0)

    def hasten(self, timeout_s: float) -> None:
        self._readings.hasten(timeout_s)

    def close(self) -> None:
        self._readings.close()
