"""What must fit together in a device that prints lines: keys of its format, columns, templates, arguments."""

from collections.abc import Mapping, Sequence

from arduino_iface.lines.format import FormatKind
from arduino_iface.lines.template import template_problem
from gateway.config.problems import close_match
from gateway.config.report import Report, Table
from gateway.drivers.channels import SMALL_NAME, check_described, check_limits, check_names
from gateway.drivers.lines.build import argument_limits, field_of

_ONLY_IN = {
    "columns": FormatKind.CSV,
    "delimiter": FormatKind.CSV,
    "pairs": FormatKind.KEYVALUE,
    "equals": FormatKind.KEYVALUE,
}
_ONLY_CSV = 'only applies with format = "csv"'


def check_lines(report: Report, device: Table) -> None:
    """Note what contradicts itself."""
    check_described(report, device)
    channels = device.tables("channels")
    form = device.values.get("format")
    for key, wanted in _ONLY_IN.items():
        if form is not None and key in device.raw and form is not wanted:
            reason = f'only applies with format = "{wanted.value}"'
            report.problem((*device.path, key), reason)
    if "reply_timeout" in device.raw and "request" not in device.raw:
        hint = "leave it out, or write the request"
        report.problem((*device.path, "reply_timeout"), "only applies with a request", hint)
    for channel in channels:
        path = (*channel.path, "column")
        if "column" in channel.values and form not in (FormatKind.CSV, None):
            report.problem(path, _ONLY_CSV)
        elif "column" in channel.values and "field" in channel.values:
            report.problem(path, "a channel has a field or a column", "keep one of them")
    report.unique(
        (((*one.path, "name"), field_of(one.values)) for one in channels),
        '"{value}" is already the field of the channel on line {line}',
    )
    if form is FormatKind.CSV:
        _check_columns(report, device, channels)
    for command in device.tables("commands"):
        _check_command(report, command)


def _check_columns(report: Report, device: Table, channels: Sequence[Table]) -> None:
    columns = device.values.get("columns")
    if columns is not None:
        if not device.raw.get("channels"):
            _check_names_of_columns(report, device, columns)
        for channel in channels:
            _check_column(report, channel, columns)
    elif "columns" not in device.raw:
        for channel in channels:
            if "column" not in channel.values:
                hint = "name the columns in columns = [...], or give the channel its column = 1"
                report.problem(channel.path, "is in no column", hint)
        if not device.raw.get("channels"):
            hint = 'write for example columns = ["temperature", "humidity"]'
            report.problem((*device.path, "columns"), "missing key: csv names no fields", hint)


def _check_names_of_columns(report: Report, device: Table, columns: Sequence[str]) -> None:
    """Without channels of their own, columns are channels."""
    for name in filter(None, columns):
        if SMALL_NAME.fullmatch(name) is None:
            hint = "use small letters, digits and _, or describe the channels"
            report.problem((*device.path, "columns"), f'"{name}" cannot name a channel', hint)


def _check_column(report: Report, channel: Table, columns: Sequence[str]) -> None:
    values, field = channel.values, field_of(channel.values)
    if "column" in values:
        if values["column"] > len(columns):
            number = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
            report.problem((*channel.path, "column"), f"columns names {number} only")
    elif field not in columns:
        key = "field" if "field" in values else "name"
        hint = close_match(field, [name for name in columns if name])
        report.problem((*channel.path, key), f'there is no column "{field}"', hint)


def _check_command(report: Report, command: Table) -> None:
    arguments = command.tables("arguments")
    check_names(report, arguments, "argument")
    names = [one.values["name"] for one in arguments]
    problem = template_problem(command.values["template"], names)
    if problem:
        report.problem((*command.path, "template"), problem)
    for argument in arguments:
        _check_argument(report, argument)


_MEANT_FOR: Mapping[str, tuple[str, ...]] = {
    "choices": ("choice",),
    "words": ("bool",),
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
}


def _check_argument(report: Report, argument: Table) -> None:
    values, path = argument.values, argument.path
    kind = values["type"]
    for key, kinds in _MEANT_FOR.items():
        if key in values and kind not in kinds:
            report.problem((*path, key), f'only applies with type = "{kinds[0]}"')
    if kind == "choice" and "choices" not in values:
        hint = 'write for example choices = ["auto", "off"]'
        report.problem((*path, "choices"), "missing key: a choice needs them", hint)
    if kind not in ("integer", "number"):
        return
    lowest, highest = argument_limits(values)
    if check_limits(report, path, lowest, highest) and kind == "integer":
        for key in ("minimum", "maximum"):
            if key in values and not isinstance(values[key], int):
                report.problem((*path, key), f"{values[key]} is not a whole number")
