"""What must fit together in a device with registers: extents, bits, limits, layouts, the echo."""

from collections.abc import Sequence

from arduino_iface.registers.map import FIRST_BYTE, READ_MAX, EchoRegister, Layout, Verify
from arduino_iface.registers.types import RegisterType, TextType
from gateway.config.report import Report, Table
from gateway.drivers.channels import check_described, check_limits
from gateway.drivers.registers.build import argument_limits, argument_range

REGISTER_MAX = 0xFFFF

_NOT_OF_TEXT = ("scale", "offset", "minimum", "maximum", "tolerance", "missing")


def check_registers(report: Report, device: Table) -> None:
    """Note what contradicts itself."""
    check_described(report, device)
    channels, commands = device.tables("channels"), device.tables("commands")
    if "channels" in device.values and not channels:
        reason = "is empty; a device has something to measure"
        report.problem((*device.path, "channels"), reason)
    last = (1 << device.values.get("register_size", 8)) - 1
    layout = device.values.get("layout", Layout.REGISTERS)
    for one in commands:
        _check_extent(report, one, last)
        if isinstance(one.values["type"], TextType):
            report.problem((*one.path, "type"), "a command writes numbers, not text")
    for channel in channels:
        _check_length(report, channel)
        _check_bits(report, channel)
        _check_missing(report, channel)
    for command in commands:
        _check_command_range(report, command)
    _check_place(report, device, channels, layout, last)
    _check_layout(report, device, layout)
    _check_read_back(report, channels, commands, layout)
    _check_clears(report, channels, layout)
    _check_echo(report, device, channels, last)


def _size(table: Table) -> int:
    """Bytes of a value."""
    kind: RegisterType = table.values["type"]
    return int(table.values.get("length", 1)) if isinstance(kind, TextType) else kind.size


def _span(table: Table) -> range:
    """The registers that a value fills."""
    first = table.values["register"]
    return range(first, first + _size(table))


def _check_place(
    report: Report, device: Table, channels: Sequence[Table], layout: Layout, last: int
) -> None:
    room = READ_MAX - (device.values.get("echo") is FIRST_BYTE)
    for channel in channels:
        if layout is Layout.REGISTERS:
            _check_extent(report, channel, last)
        elif layout is Layout.PACKET:
            _check_end(report, channel, "register", "packet", READ_MAX)
        else:
            _check_end(report, channel, "at", "answer", room)
            if channel.values["register"] > last:
                number = channel.values["register"]
                hint = "set register_size = 16 if the sketch takes numbers of two bytes"
                reason = f"number {number:#x} is beyond {last:#x}"
                report.problem((*channel.path, "register"), reason, hint)
        if "at" in channel.raw and layout is not Layout.ANSWERS:
            report.problem((*channel.path, "at"), 'only applies with layout = "answers"')


def _check_end(report: Report, channel: Table, key: str, what: str, room: int) -> None:
    end = channel.values.get(key, 0) + _size(channel)
    if end > room:
        reason = f"ends at byte {end} of the {what}; one read carries {room}"
        report.problem((*channel.path, key if key in channel.raw else "type"), reason)


def _check_layout(report: Report, device: Table, layout: Layout) -> None:
    def only(key: str, applies: str) -> None:
        if key in device.raw:
            report.problem((*device.path, key), f"only applies with {applies}")

    if layout is not Layout.REGISTERS:
        only("block_max", 'layout = "registers"')
    if layout is not Layout.PACKET:
        only("number", 'layout = "packet"')
        return
    only("echo", 'layout = "registers" or "answers"')
    number = device.values.get("number")
    if number is None:
        only("settle", "a number, which is what is written before the read")
    elif number > (1 << device.values.get("register_size", 8)) - 1:
        hint = "set register_size = 16 if the sketch takes numbers of two bytes"
        report.problem((*device.path, "number"), f"{number:#x} has more than one byte", hint)


def _check_read_back(
    report: Report, channels: Sequence[Table], commands: Sequence[Table], layout: Layout
) -> None:
    cleared = {number for one in channels if one.values.get("clears") for number in _span(one)}
    for command in commands:
        verify = command.values.get("verify", layout is not Layout.PACKET)
        if verify and layout is Layout.PACKET:
            reason = "nothing can be read back from a packet"
            report.problem((*command.path, "verify"), reason, "write verify = false")
        elif verify and not cleared.isdisjoint(_span(command)):
            reason = "reading it back would clear the channel there"
            report.problem((*command.path, "register"), reason, "write verify = false")


def _check_clears(report: Report, channels: Sequence[Table], layout: Layout) -> None:
    if layout is not Layout.REGISTERS:
        return
    cleared = [one for one in channels if one.values.get("clears")]
    for channel in channels:
        for other in cleared:
            shared = set(_span(channel)).intersection(_span(other))
            if shared and not channel.values.get("clears"):
                name = other.values["name"]
                reason = f'register {min(shared):#x} is cleared when "{name}" is read'
                report.problem((*channel.path, "register"), reason, "write clears = true here too")
                break


def _check_length(report: Report, channel: Table) -> None:
    kind: RegisterType = channel.values["type"]
    if not isinstance(kind, TextType):
        if "length" in channel.raw:
            report.problem((*channel.path, "length"), 'only applies with type = "ascii" or "text"')
        return
    if "length" not in channel.raw:
        reason = f"missing key: {kind.word} does not say how many bytes it has"
        report.problem((*channel.path, "length"), reason, "write for example length = 8")
    for key in _NOT_OF_TEXT:
        if kind.worded and key in channel.raw:
            report.problem(
                (*channel.path, key), 'only applies to numbers; for one use type = "ascii"'
            )


def _check_extent(report: Report, table: Table, last: int) -> None:
    kind: RegisterType = table.values["type"]
    end = table.values["register"] + _size(table) - 1
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
    if kind.worded:
        return
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
        if echo.register in _span(channel):
            name = channel.values["name"]
            report.problem(place, f'register {echo.register:#x} is one of "{name}"')
