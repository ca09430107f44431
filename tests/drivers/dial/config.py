"""[[device]] with driver = "dial"."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.config.driver import DriverConfig
from gateway.config.fields import Whole
from gateway.config.schemas import DeviceSchema
from gateway.config.settings import BusType


@dataclass(frozen=True)
class DialSettings:
    top: int


class DialSchema(DeviceSchema):
    top = Whole(1, 255, required=True)


def _settings(values: Mapping[str, int]) -> DialSettings:
    return DialSettings(values["top"])


CONFIG = DriverConfig(DialSchema, _settings, bus=BusType.I2C)
