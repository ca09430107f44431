"""What a part may touch of the gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.access.keys import KeyStore
from gateway.commands.commander import Commander
from gateway.devices.devices import Devices
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock


@dataclass(frozen=True, slots=True)
class Host:
    """The gateway, as its parts see it. Everything here may be used from any thread.

    Of `journal` a part uses `append`, `record` and `flush`; it reads with `reader`, and follows with a
    consumer (see `Delivery`). Of `commands` it uses `execute` and `submit`, of `devices` `declare`,
    `forget` and `maintenance`; `registry` has a snapshot of each. `address` is the URL of the API.
    """

    gateway_id: str
    version: str
    simulated: bool
    clock: WallClock
    journal: Journal
    reader: JournalReader
    commands: Commander
    devices: Devices
    registry: Registry
    keys: KeyStore
    address: Callable[[], str]
