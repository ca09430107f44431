"""The configuration: found, read, checked as a whole, and handed out as plain values."""

from gateway.config.loader import CommandLineOptions, load
from gateway.config.problems import ConfigError, Problem
from gateway.config.redact import redact_uri
from gateway.config.settings import (
    DISCOVER_DEFAULT,
    AddressRange,
    ApiSettings,
    BusSettings,
    BusType,
    DeviceSettings,
    GatewaySettings,
    JournalSettings,
    LogFormat,
    LoggingSettings,
    Settings,
)

__all__ = [
    "DISCOVER_DEFAULT",
    "AddressRange",
    "ApiSettings",
    "BusSettings",
    "BusType",
    "CommandLineOptions",
    "ConfigError",
    "DeviceSettings",
    "GatewaySettings",
    "JournalSettings",
    "LogFormat",
    "LoggingSettings",
    "Problem",
    "Settings",
    "load",
    "redact_uri",
]
