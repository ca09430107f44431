"""[[device]] with driver = "protocol": its keys. The board describes its channels itself."""

from collections.abc import Mapping
from typing import Any

from gateway.config.driver import DriverConfig
from gateway.config.fields import RealNumber
from gateway.config.report import Report, Table
from gateway.config.schemas import DeviceTable
from gateway.config.tables import ListOf, TableOf, TableSchema
from gateway.drivers.channels import CHANNELS_MAX, check_described, small_name
from gateway.drivers.protocol.values import ChannelRule, ChannelRules

_MISSING_MAX = 64


class ProtocolChannelTable(TableSchema):
    """[[device.channels]] of driver = "protocol"."""

    name = small_name(required=True)
    missing = ListOf(RealNumber(), maximum=_MISSING_MAX, single=True)
    minimum = RealNumber()
    maximum = RealNumber()


class ProtocolDeviceTable(DeviceTable):
    """[[device]] with driver = "protocol"."""

    channels = ListOf(
        TableOf(ProtocolChannelTable, '{ name = "temperature", missing = [-127, 85] }'),
        maximum=CHANNELS_MAX,
    )


def _rules(values: Mapping[str, Any]) -> ChannelRules | None:
    """None: nothing is configured."""
    tables = values.get("channels", ())
    return ChannelRules(tuple(ChannelRule(**one) for one in tables)) if tables else None


def _check(report: Report, device: Table) -> None:
    check_described(report, device)


CONFIG = DriverConfig(ProtocolDeviceTable, _rules, _check)
