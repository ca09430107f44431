"""Makes the settings out of checked values."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gateway.config.document import Document
from gateway.config.driver import PROTOCOL, driver_config
from gateway.config.names import NAME, NAME_RULE
from gateway.config.problems import Problem
from gateway.config.report import Table
from gateway.config.section import Section
from gateway.config.settings import (
    DISCOVER_DEFAULT,
    ApiSettings,
    BusSettings,
    BusType,
    DeviceSettings,
    DiscoverySettings,
    GatewaySettings,
    JournalSettings,
    LoggingSettings,
    Settings,
)
from gateway.config.source import logs_folder, state_folder

_JOURNAL_NAME = "journal.db"


class SettingsBuilder:
    """Makes settings out of checked values; what only shows here is added to `problems`."""

    def __init__(self, document: Document, environ: Mapping[str, str], cwd: Path) -> None:
        self._document = document
        self._environ = environ
        self._cwd = cwd
        self.problems: list[Problem] = []

    def build(
        self,
        overrides: Mapping[str, Mapping[str, Any]],
        parts: Mapping[str, Sequence[Section]],
        secrets: Mapping[str, Mapping[str, str | None]],
    ) -> Settings | None:
        """None when a table is too broken to be made, or there is no place for the journal.

        By table: `overrides` are values that go before those of the file, `secrets` more values.
        """
        journal = self._journal()
        gateway = self._gateway()
        if journal is None or self._document.report.problems:
            return None
        logging = {**self._values("logging"), **overrides.get("logging", {})}
        return Settings(
            gateway=gateway,
            journal=journal,
            api=ApiSettings(**{**self._values("api"), **overrides.get("api", {})}),
            discovery=DiscoverySettings(**self._values("discovery")),
            logging=LoggingSettings(folder=logs_folder(self._environ, self._cwd), **logging),
            parts=MappingProxyType(
                {name: self._part(sections, secrets) for name, sections in parts.items()}
            ),
            buses=tuple(_bus(table) for table in self._document.lists["bus"]),
            devices=tuple(_device(table) for table in self._document.lists["device"]),
        )

    def _values(self, section: str) -> dict[str, Any]:
        table = self._document.sections.get(section)
        return dict(table.values) if table else {}

    def _part(
        self, sections: Sequence[Section], secrets: Mapping[str, Mapping[str, str | None]]
    ) -> object:
        """What the settings of a part are: those of its section, or those of each by name."""
        found: dict[str, object] = {}
        for one in sections:
            if one.many:
                tables = self._document.lists[one.name]
                found[one.name] = tuple(one.settings(**table.values) for table in tables)
            else:
                found[one.name] = one.settings(**self._values(one.name), **secrets[one.name])
        return MappingProxyType(found) if len(found) > 1 else found[sections[0].name]

    def _gateway(self) -> GatewaySettings:
        gateway = GatewaySettings(**self._values("gateway"))
        if NAME.fullmatch(gateway.id) is None:
            reason = f'the host name "{gateway.id}" cannot be the name of a gateway'
            hint = f"set id in [gateway] of gateway.toml; {NAME_RULE}"
            self.problems.append(Problem("host name", reason, None, "gateway.id", hint))
        return gateway

    def _journal(self) -> JournalSettings | None:
        values = self._values("journal")
        path = Path(values.pop("path", _JOURNAL_NAME))
        home = self._environ.get("HOME", "")
        if path.parts[:1] == ("~",) and home:
            path = Path(home, *path.parts[1:])
        folder = state_folder(self._environ)
        if folder is None and not path.is_absolute():
            reason = (
                "none of STATE_DIRECTORY, XDG_STATE_HOME and HOME names a folder for the journal"
            )
            hint = "set one of them, or write the full path in journal.path"
            self.problems.append(Problem("environment", reason, None, "journal.path", hint))
            return None
        return JournalSettings(path=(folder or Path("/")) / path, **values)


def _bus(table: Table) -> BusSettings:
    values = dict(table.values)
    kind = BusType(values.pop("type"))
    if kind is BusType.I2C:
        values.setdefault("discover", DISCOVER_DEFAULT)
    return BusSettings(type=kind, **values)


_COMMON_KEYS = ("id", "bus", "address", "interval_s", "driver")


def _device(table: Table) -> DeviceSettings:
    values = table.values
    driver = values.get("driver", PROTOCOL)
    return DeviceSettings(
        **{key: values[key] for key in _COMMON_KEYS if key in values},
        metadata=MappingProxyType(dict(values.get("metadata", {}))),
        options=driver_config(driver).options(values),
    )
