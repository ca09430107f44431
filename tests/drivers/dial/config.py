"""[[device]] with driver = "dial"."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.config.driver import DriverConfig
from gateway.config.fields import WholeNumber
from gateway.config.schemas import DeviceTable
from gateway.config.settings import BusType


@dataclass(frozen=True)
class DialSettings:
    top: int


class DialTable(DeviceTable):
    top = WholeNumber(1, 255, required=True)


def _settings(values: Mapping[str, int]) -> DialSettings:
    return DialSettings(values["top"])


CONFIG = DriverConfig(DialTable, _settings, bus=BusType.I2C)
