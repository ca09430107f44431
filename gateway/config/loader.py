"""Puts the configuration together: file, secrets, environment, command line; checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError

from gateway.config.checks import check
from gateway.config.document import Document, Table
from gateway.config.drivers import line_settings, register_map
from gateway.config.fields import messages_by_key
from gateway.config.names import NAME, NAME_RULE
from gateway.config.problems import ConfigError, Finding, Problem
from gateway.config.schemas import ApiSchema, LoggingSchema
from gateway.config.secrets import Secrets, read_secrets
from gateway.config.settings import (
    DISCOVER_DEFAULT,
    ApiSettings,
    BusSettings,
    BusType,
    DeviceSettings,
    DiscoverySettings,
    GatewaySettings,
    JournalSettings,
    LogFormat,
    LoggingSettings,
    MongoSettings,
    MqttSettings,
    Settings,
)
from gateway.config.source import (
    find_config,
    find_env_file,
    logs_folder,
    read_text,
    shown_path,
    state_folder,
)

_JOURNAL_NAME = "journal.db"


@dataclass(frozen=True, slots=True)
class CommandLineOptions:
    """What may be said at the start; None where nothing was. It goes before the file."""

    no_i2c: bool = False
    config: Path | None = None
    env_file: Path | None = None
    host: str | None = None
    port: int | None = None
    log_level: str | None = None
    log_format: str | None = None


def load(options: CommandLineOptions, environ: Mapping[str, str], cwd: Path) -> Settings:
    """The configuration for a start in `cwd`, which must be absolute.

    Only files are read, and nothing else is touched. Raises `ConfigError` with every problem there
    is, in the order of the files.
    """
    problems: list[Problem] = []
    config_file = find_config(options.config, environ, cwd)
    document = _document(config_file, cwd, problems)
    env_file = find_env_file(options.env_file, config_file, cwd)
    where = shown_path(env_file, cwd) if env_file else ""
    secrets = read_secrets(env_file, where, environ, problems)
    overrides = _overrides(options, problems)
    builder = _Builder(document, secrets, environ, cwd)
    settings = builder.build(overrides)
    problems = [*sorted(document.problems, key=_by_line), *builder.problems, *problems]
    if settings is None or problems:
        raise ConfigError(problems)
    return replace(settings, simulated=options.no_i2c, config_file=config_file, env_file=env_file)


def _by_line(problem: Problem) -> int:
    return problem.line or 0


def _document(path: Path | None, cwd: Path, problems: list[Problem]) -> Document:
    where = shown_path(path, cwd) if path else ""
    text = read_text(path, where, problems) if path else None
    try:
        document = Document(where, text or "")
    except ConfigError as error:
        problems += error.problems
        return Document(where, "")
    check(document)
    return document


_OPTIONS: Mapping[str, tuple[type[Schema], str, str]] = MappingProxyType(
    {
        "host": (ApiSchema, "api", "host"),
        "port": (ApiSchema, "api", "port"),
        "log_level": (LoggingSchema, "logging", "level"),
        "log_format": (LoggingSchema, "logging", "format"),
    }
)


def _overrides(options: CommandLineOptions, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    """The values of the command line by section, checked by the rules of the file."""
    found: dict[str, dict[str, Any]] = {}
    for option, (schema, section, key) in _OPTIONS.items():
        value = getattr(options, option)
        if value is None:
            continue
        try:
            found.setdefault(section, {}).update(schema().load({key: value}))
        except ValidationError as error:
            for finding in messages_by_key(error)[key]:
                assert isinstance(finding, Finding)
                flag = f"--{option.replace('_', '-')}"
                problems.append(
                    Problem("command line", finding.reason, None, flag, finding.suggestion)
                )
    return found


class _Builder:
    """Makes settings out of checked values; what only shows here is added to `problems`."""

    def __init__(
        self, document: Document, secrets: Secrets, environ: Mapping[str, str], cwd: Path
    ) -> None:
        self._document = document
        self._secrets = secrets
        self._environ = environ
        self._cwd = cwd
        self.problems: list[Problem] = []

    def build(self, overrides: Mapping[str, Mapping[str, Any]]) -> Settings | None:
        """None when a table is too broken to be made, or there is no place for the journal."""
        journal = self._journal()
        gateway = self._gateway()
        if journal is None or self._document.problems:
            return None
        values = {**self._values("logging"), **overrides.get("logging", {})}
        values["format"] = LogFormat(values.get("format", "text"))
        return Settings(
            gateway=gateway,
            journal=journal,
            api=ApiSettings(**{**self._values("api"), **overrides.get("api", {})}),
            discovery=DiscoverySettings(**self._values("discovery")),
            mongo=MongoSettings(uri=self._secrets.mongo_uri, **self._values("mongo")),
            mqtt=MqttSettings(url=self._secrets.mqtt_url),
            logging=LoggingSettings(folder=logs_folder(self._environ, self._cwd), **values),
            buses=tuple(_bus(table) for table in self._document.buses),
            devices=tuple(_device(table) for table in self._document.devices),
        )

    def _values(self, section: str) -> dict[str, Any]:
        table = self._document.sections.get(section)
        return dict(table.values) if table else {}

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
                "none of STATE_DIRECTORY, XDG_STATE_HOME and HOME says where the journal could be"
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
    driver = values.get("driver", "protocol")
    return DeviceSettings(
        **{key: values[key] for key in _COMMON_KEYS if key in values},
        metadata=MappingProxyType(dict(values.get("metadata", {}))),
        registers=register_map(values) if driver == "registers" else None,
        lines=line_settings(values) if driver == "lines" else None,
    )
