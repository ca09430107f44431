"""Everything that can be set, with its default: what the rest of the gateway is built from.

These are plain values. They are checked where they come in (see `loader`), so that a test or the
composition root may build any of them in code.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from gateway.config.redact import secrets_of_uri
from gateway.parts import PARTS


def _host_name() -> str:
    return socket.gethostname()


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Who this gateway is among others that write to the same database."""

    id: str = field(default_factory=_host_name)
    """Unique in the fleet; the host name unless set."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the REST interface listens."""

    host: str = "127.0.0.1"
    """On any other address than this machine's own, the gateway needs an access key to start."""
    port: int = 8080
    cors_origins: tuple[str, ...] = ()
    """Web pages of other origins that may call it, such as http://localhost:3000."""


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """The store on this machine, and its bounds."""

    path: Path
    """Absolute. The folder need not exist yet."""
    keep_s: float = 7 * 86400.0
    """Readings older than this go, delivered ones first."""
    max_bytes: int = 1 << 30
    commit_interval_s: float = 1.0
    """Longest time readings wait to be committed together; 0 commits at once."""


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """How boards that the configuration does not name are found."""

    serial: bool = True
    """Whether USB ports of known Arduino vendors are opened to identify what is connected."""


class LogFormat(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """What is logged, and where to."""

    folder: Path
    """Absolute; made when it does not exist."""
    level: str = "INFO"
    max_bytes: int = 10 << 20
    """Size at which a file is set aside and a new one begun."""
    backups: int = 5
    """How many files set aside are kept of each kind."""
    format: LogFormat = LogFormat.TEXT


class BusType(StrEnum):
    """What kind of wire a bus is."""

    I2C = "i2c"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True)
class AddressRange:
    """I2C addresses from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        one = f"0x{self.first:02X}"
        return one if self.first == self.last else f"{one}-0x{self.last:02X}"


def _no_metadata() -> Mapping[str, str]:
    return MappingProxyType({})


def _no_parts() -> Mapping[str, object]:
    return MappingProxyType({})


DISCOVER_DEFAULT = (AddressRange(0x08, 0x2F),)
"""Where boards that speak the protocol are looked for on an I2C bus, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class BusSettings:
    """One physical bus."""

    name: str
    type: BusType
    port: str
    """Path of the adapter or serial port; meaningless where the bus is simulated."""
    baud_rate: int = 115200
    """Bits per second; serial only."""
    discover: tuple[AddressRange, ...] = ()
    """Addresses at which boards are looked for; I2C only."""

    @property
    def discover_addresses(self) -> tuple[int, ...]:
        """Every address to look at, ascending, each once."""
        return tuple(sorted({a for r in self.discover for a in range(r.first, r.last + 1)}))


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """One device that the configuration names."""

    id: str
    bus: str
    """Name of the bus it is on."""
    address: int | None = None
    """7-bit I2C address; None on a serial bus."""
    interval_s: float | None = None
    """Time between samples; None leaves it as the board describes itself."""
    driver: str = "protocol"
    metadata: Mapping[str, str] = field(default_factory=_no_metadata)
    """Stamped on every reading of the device."""
    options: object = None
    """What the driver made of its own keys; None when it has none."""

    @property
    def reading_clears(self) -> bool:
        """Whether a read changes what the board has, so that nobody but its driver may read it."""
        return bool(getattr(self.options, "reading_clears", False))


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. `simulated` is --no_i2c; the files are None where none was read.

    `parts`: by the name of a part what its section made; a tuple for an array of tables; by section, where a
    part has several. Only of parts that have a table or a secret. `notes`: what a user should know though it
    is no mistake.
    """

    journal: JournalSettings
    logging: LoggingSettings
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    parts: Mapping[str, object] = field(default_factory=_no_parts)
    buses: tuple[BusSettings, ...] = ()
    devices: tuple[DeviceSettings, ...] = ()
    simulated: bool = False
    config_file: Path | None = None
    env_file: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Every value of .env and the environment."""
    notes: tuple[str, ...] = ()

    @property
    def keys_path(self) -> Path:
        """The file with the access keys of the API."""
        return self.journal.path.parent / "keys.json"

    @property
    def secret_values(self) -> tuple[str, ...]:
        """Every text that must not appear in a log, longest first."""
        found: set[str] = set()
        for secret in self.secrets:
            found.update(secrets_of_uri(secret) if "://" in secret else {secret})
        return tuple(sorted(found, key=lambda text: (-len(text), text)))

    def addresses_on(self, bus: str) -> frozenset[int]:
        """Where the configuration has devices on an I2C bus."""
        named = (device.address for device in self.devices if device.bus == bus)
        return frozenset(address for address in named if address is not None)

    def cleared_on(self, bus: str) -> frozenset[int]:
        """Where on an I2C bus nothing may be read but by the driver."""
        cleared = (one.address for one in self.devices if one.bus == bus and one.reading_clears)
        return frozenset(address for address in cleared if address is not None)

    def facts(self) -> Mapping[str, str]:
        """What a log file should say at its beginning; without secrets."""
        names = dict.fromkeys((*(line.name for line in PARTS), *self.parts))
        return {
            "gateway": self.gateway.id,
            "simulated": "yes" if self.simulated else "no",
            "config": str(self.config_file or "none"),
            "env_file": str(self.env_file or "none"),
            "journal": str(self.journal.path),
            "api": f"{self.api.host}:{self.api.port}",
            **{name: _shown(self.parts.get(name)) for name in names},
            "buses": str(len(self.buses)),
            "devices": str(len(self.devices)),
        }


def _shown(part: object) -> str:
    """A part's settings in a few characters."""
    if isinstance(part, Mapping):
        return ", ".join(f"{name} {_shown(one)}" for name, one in part.items())
    if isinstance(part, tuple):
        return str(len(part))
    return "none" if part is None else str(part)
