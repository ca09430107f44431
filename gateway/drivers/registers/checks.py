"""What must fit together in a device with registers: extents, bits, limits, blocks, the echo."""

from collections.abc import Sequence

from arduino_iface.registers.map import FIRST_BYTE, READ_MAX, EchoRegister, RegisterType, Verify
from gateway.config.report import Report, Table
from gateway.drivers.channels import check_described, check_limits
from gateway.drivers.registers.build import argument_limits, argument_range

REGISTER_MAX = 0xFFFF


def check_registers(report: Report, device: Table) -> None:
    """Note what contradicts itself."""
    check_described(report, device)
    channels, commands = device.tables("channels"), device.tables("commands")
    if "channels" in device.values and not channels:
        reason = "is empty; a device has something to measure"
        report.problem((*device.path, "channels"), reason)
    last = (1 << device.values.get("register_size", 8)) - 1
    for one in (*channels, *commands):
        _check_extent(report, one, last)
    for channel in channels:
        _check_bits(report, channel)
        _check_missing(report, channel)
    for command in commands:
        _check_command_range(report, command)
    _check_block(report, device, channels)
    _check_echo(report, device, channels, last)


def _check_extent(report: Report, table: Table, last: int) -> None:
    kind: RegisterType = table.values["type"]
    end = table.values["register"] + kind.size - 1
    if end > last:
        hint = "set register_size = 16 if the sketch takes numbers of two bytes"
        reason = f"the {kind.word} ends at register {end:#x}, beyond {last:#x}"
        path = (*table.path, "register")
        report.problem(path, reason, hint if last < REGISTER_MAX else None)


def _check_bits(report: Report, channel: Table) -> None:
    values = channel.values
    key = "bit" if "bit" in values else "bits"
    if key not in values:
        return
    kind: RegisterType = values["type"]
    offset, width = (values["bit"], 1) if key == "bit" else values["bits"]
    path = (*channel.path, key)
    if "bit" in values and "bits" in values:
        report.problem((*channel.path, "bits"), "a channel has a bit or bits", "keep one of them")
    elif not kind.integral:
        hint = 'use for example type = "u8"'
        report.problem(path, f"{kind.word} has no bits to choose from", hint)
    elif offset + width > 8 * kind.size:
        last = 8 * kind.size - 1
        reason = f"ends at bit {offset + width - 1}; {kind.word} has the bits 0 to {last}"
        report.problem(path, reason)


def _check_missing(report: Report, channel: Table) -> None:
    kind: RegisterType = channel.values["type"]
    for raw in channel.values.get("missing", ()):
        if not kind.lowest <= raw <= kind.highest:
            reason = f"{raw} is not a raw value of {kind.word} ({kind.lowest} to {kind.highest})"
            report.problem((*channel.path, "missing"), reason)


def _check_command_range(report: Report, command: Table) -> None:
    values = command.values
    lowest, highest = argument_limits(values)
    if not check_limits(report, command.path, lowest, highest):
        return
    least, most = argument_range(values)
    for key, limit in (("minimum", lowest), ("maximum", highest)):
        if not least <= limit <= most:
            reason = f"{limit} does not fit {values['type'].word}, which takes {least} to {most}"
            report.problem((*command.path, key), reason)


def _check_block(report: Report, device: Table, channels: Sequence[Table]) -> None:
    room = READ_MAX - (device.values.get("echo") is FIRST_BYTE)
    block = min(device.values.get("block_max", READ_MAX), room)
    for channel in channels:
        kind: RegisterType = channel.values["type"]
        if kind.size > block:
            reason = f"{kind.word} has {kind.size} bytes, and block_max is {block}"
            report.problem((*channel.path, "type"), reason)


def _check_echo(report: Report, device: Table, channels: Sequence[Table], last: int) -> None:
    echo = device.values.get("echo")
    if device.values.get("verify") is Verify.ECHO and "echo" not in device.raw:
        hint = 'write for example echo = { register = 0xFE } or echo = "first_byte"'
        report.problem((*device.path, "verify"), "there is no echo to verify by", hint)
    if not isinstance(echo, EchoRegister):
        return
    place = (*device.path, "echo")
    if echo.register > last:
        report.problem(place, f"register {echo.register:#x} is beyond {last:#x}")
    for channel in channels:
        first = channel.values["register"]
        if first <= echo.register < first + channel.values["type"].size:
            name = channel.values["name"]
            report.problem(place, f'register {echo.register:#x} is one of "{name}"')
