"""What the API asks of the gateway; the composition root fills it.

Everything is called from request threads, several at once, and answers within a bounded time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from gateway.access.keys import KeyStore
from gateway.commands.commander import Commander
from gateway.config.settings import ApiSettings
from gateway.devices.labels import LabelledDevices
from gateway.history.history import History
from gateway.host.view import PartView
from gateway.journal.reader import JournalReader
from gateway.live.latest import LiveHub
from gateway.live.stream import Events
from gateway.log.system import LogSystem
from gateway.observe.metrics import Metrics
from gateway.observe.status import StatusBoard


class DummyBoards(Protocol):
    """The simulated boards of `--no_i2c`; a gateway on real buses imports none of them."""

    def get(self, device: str, /) -> Mapping[str, object] | None:
        """One board as a document, or None."""
        ...

    def change(self, device: str, order: Mapping[str, Any], /) -> Mapping[str, object] | None:
        """Set signals, inject faults, switch it; the board as it is then, None: not known.

        All of the order is carried out or nothing: raises `ValueError` that says what is wrong.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the API may ask of the gateway."""

    devices: LabelledDevices
    history: History
    latest: LiveHub
    commander: Commander
    reader: JournalReader
    status: StatusBoard
    events: Events
    keys: KeyStore
    logs: LogSystem
    metrics: Metrics
    settings: ApiSettings
    dummy: DummyBoards | None = None
    """None with real buses."""
    parts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """What a part offers its own resources, by the part's name."""
    resources: tuple[str, ...] = ()
    """Modules with a `resource` that parts bring, beside the built-in ones."""
    views: tuple[PartView, ...] = ()
    """Views of the page that parts bring."""
