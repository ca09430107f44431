"""Puts the configuration together: file, secrets, environment, command line; checked as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError

from gateway.config.builder import SettingsBuilder
from gateway.config.checks import check
from gateway.config.document import Document
from gateway.config.driver import driver_config
from gateway.config.problems import ConfigError, Problem, ValueProblem
from gateway.config.schemas import (
    ApiTable,
    DiscoveryTable,
    GatewayTable,
    JournalTable,
    LoggingTable,
)
from gateway.config.secrets import RESERVED, known_keys, read_secrets
from gateway.config.section import Section, sections_of
from gateway.config.settings import (
    ApiSettings,
    DiscoverySettings,
    GatewaySettings,
    JournalSettings,
    LoggingSettings,
    Settings,
)
from gateway.config.source import (
    CONFIG_NAME,
    find_config,
    find_env_file,
    read_text,
    shown_path,
)
from gateway.config.tables import messages_by_key
from gateway.parts import PARTS, PartLine

CORE = (
    Section("gateway", GatewaySettings, GatewayTable),
    Section("api", ApiSettings, ApiTable),
    Section("journal", JournalSettings, JournalTable),
    Section("discovery", DiscoverySettings, DiscoveryTable),
    Section("logging", LoggingSettings, LoggingTable),
)
"""The tables of what every gateway has."""


@dataclass(frozen=True, slots=True)
class CommandLineOptions:
    """What the command line can set; None where it did not. It goes before the file."""

    no_i2c: bool = False
    config: Path | None = None
    env_file: Path | None = None
    host: str | None = None
    port: int | None = None
    log_level: str | None = None
    log_format: str | None = None


def load(
    options: CommandLineOptions,
    environ: Mapping[str, str],
    cwd: Path,
    parts: Sequence[PartLine] = PARTS,
) -> Settings:
    """The configuration for a start in `cwd`, which must be absolute.

    Only files are read, and nothing else is touched; parts that are configured are imported. Raises
    `ConfigError` with every problem there is, in the order of the files.
    """
    problems: list[Problem] = []
    config_file = find_config(options.config, environ, cwd)
    document = _document(config_file, cwd, problems)
    env_file = find_env_file(options.env_file, config_file, cwd)
    where = shown_path(env_file, cwd) if env_file else ""
    secrets = read_secrets(env_file, where, environ, known_keys(parts), problems)
    wanted = {
        line.name: sections_of(line)
        for line in parts
        if secrets.are_given(line.secrets) or not set(line.sections).isdisjoint(document.tables)
    }
    document.read(
        [*CORE, *(section for sections in wanted.values() for section in sections)],
        [name for line in parts for name in line.sections],
    )
    check(document.report, document.lists["bus"], document.lists["device"])
    fields = {
        section.name: {one.field: secrets.value(one, problems) for one in section.secrets}
        for sections in wanted.values()
        for section in sections
    }
    reserved = [one.key for one in RESERVED if secrets.value(one, problems) is not None]
    builder = SettingsBuilder(document, environ, cwd)
    settings = builder.build(_overrides(options, problems), wanted, fields)
    by_line = sorted(document.report.problems, key=lambda problem: problem.line or 0)
    problems = [*by_line, *builder.problems, *problems]
    if settings is None or problems:
        raise ConfigError(problems)
    return replace(
        settings,
        simulated=options.no_i2c,
        config_file=config_file,
        env_file=env_file,
        secrets=secrets.values,
        notes=(*(f"{key} has no effect in this version" for key in reserved), *_notes(settings)),
    )


def _notes(settings: Settings) -> Iterator[str]:
    """What a user should know of the devices."""
    for device in settings.devices:
        for note in driver_config(device.driver).notes(device.options):
            yield f'device "{device.id}": {note}'


def _document(path: Path | None, cwd: Path, problems: list[Problem]) -> Document:
    where = shown_path(path, cwd) if path else CONFIG_NAME
    text = read_text(path, where, problems) if path else None
    try:
        return Document(where, text or "")
    except ConfigError as error:
        problems += error.problems
        return Document(where, "")


_OPTIONS: Mapping[str, tuple[type[Schema], str, str]] = MappingProxyType(
    {
        "host": (ApiTable, "api", "host"),
        "port": (ApiTable, "api", "port"),
        "log_level": (LoggingTable, "logging", "level"),
        "log_format": (LoggingTable, "logging", "format"),
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
                assert isinstance(finding, ValueProblem)
                flag = f"--{option.replace('_', '-')}"
                problems.append(
                    Problem("command line", finding.reason, None, flag, finding.suggestion)
                )
    return found
