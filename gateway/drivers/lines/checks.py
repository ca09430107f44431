"""What must fit together in a device that prints lines: keys of its format, columns, templates, arguments."""

from collections.abc import Iterator, Mapping, Sequence

from arduino_iface.lines.format import FormatKind
from arduino_iface.lines.template import template_problem
from gateway.config.locator import KeyPath
from gateway.config.problems import close_match
from gateway.config.report import Report, Table
from gateway.drivers.channels import SMALL_NAME, check_described, check_limits, check_names
from gateway.drivers.lines.build import argument_limits, field_of

_ONLY_IN = {
    "columns": FormatKind.CSV,
    "delimiter": FormatKind.CSV,
    "pairs": FormatKind.KEYVALUE,
    "equals": FormatKind.KEYVALUE,
    "pattern": FormatKind.PATTERN,
}
_ONLY_CSV = 'only applies with format = "csv"'
_OF_A_KIND = (
    *("format", "channels", "columns", "delimiter", "pairs", "equals", "pattern"),
    *("prefix", "suffix", "decimal", "record"),
)


def check_lines(report: Report, device: Table) -> None:
    """Note what contradicts itself."""
    check_described(report, device)
    if "reply_timeout" in device.raw and "request" not in device.raw:
        hint = "leave it out, or write the request"
        report.problem((*device.path, "reply_timeout"), "only applies with a request", hint)
    record = device.values.get("record")
    if record is not None and record.end is None and "request" in device.raw:
        hint = 'write for example record = { end = "" }'
        report.problem(
            (*device.path, "record"), "needs an end: the reply to a request has one", hint
        )
    if "line" in device.raw:
        _check_kinds(report, device)
    else:
        _check_kind(report, device)
    for command in device.tables("commands"):
        _check_command(report, command)


def _check_kinds(report: Report, device: Table) -> None:
    """Several kinds of line, each with its own format."""
    for key in _OF_A_KIND:
        if key in device.raw:
            hint = "write it into each [[device.line]]"
            report.problem((*device.path, key), "does not apply beside [[device.line]]", hint)
    kinds = device.tables("line")
    for kind in kinds:
        check_described(report, kind)
        _check_kind(report, kind)
    # Twice within one kind is noted already.
    names = {
        (place, name): path for place, kind in enumerate(kinds) for path, name in _names_of(kind)
    }
    report.unique(
        ((path, name) for (_, name), path in names.items()),
        '"{value}" is already the name of the channel on line {line}',
    )


def _names_of(kind: Table) -> Iterator[tuple[KeyPath, str]]:
    """The channels of a kind, and where their names are written."""
    if kind.raw.get("channels"):
        for one in kind.tables("channels"):
            yield (*one.path, "name"), one.values["name"]
        return
    for name in filter(None, kind.values.get("columns", ())):
        yield (*kind.path, "columns"), name
    for pattern in kind.values.get("pattern", ()):
        for name in pattern.names:
            yield (*kind.path, "pattern"), name


def _check_kind(report: Report, kind: Table) -> None:
    channels = kind.tables("channels")
    form = kind.values.get("format")
    if "format" not in kind.raw:
        hint = f"write format = {_FORMATS}"
        report.problem((*kind.path, "format"), "missing key", hint)
        return
    for key, wanted in _ONLY_IN.items():
        if form is not None and key in kind.raw and form is not wanted:
            reason = f'only applies with format = "{wanted.value}"'
            report.problem((*kind.path, key), reason)
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
    if form is FormatKind.JSON and "record" in kind.raw:
        hint = "leave it out: JSON on several lines is read by its brackets"
        report.problem((*kind.path, "record"), 'does not apply with format = "json"', hint)
    if form is FormatKind.CSV:
        _check_columns(report, kind, channels)
        if kind.values.get("decimal") == kind.values.get("delimiter", ","):
            hint = 'write for example delimiter = ";"'
            report.problem((*kind.path, "decimal"), "is the delimiter of the columns too", hint)
    if form is FormatKind.PATTERN:
        _check_pattern(report, kind, channels)


_FORMATS = '"json", "csv", "keyvalue" or "pattern"'


def _check_pattern(report: Report, kind: Table, channels: Sequence[Table]) -> None:
    if "pattern" not in kind.raw:
        hint = 'write for example pattern = "T={temperature} H={humidity}"'
        report.problem((*kind.path, "pattern"), "missing key: what a line looks like", hint)
    patterns = kind.values.get("pattern")
    if patterns is None:
        return
    places = list(dict.fromkeys(name for one in patterns for name in one.names))
    if not kind.raw.get("channels"):
        _check_names_of_fields(report, (*kind.path, "pattern"), places)
    for channel in channels:
        field = field_of(channel.values)
        if field not in places:
            key = "field" if "field" in channel.values else "name"
            hint = close_match(field, places)
            report.problem((*channel.path, key), f"there is no place {{{field}}}", hint)


def _check_columns(report: Report, device: Table, channels: Sequence[Table]) -> None:
    columns = device.values.get("columns")
    if columns is not None:
        if not device.raw.get("channels"):
            _check_names_of_fields(report, (*device.path, "columns"), columns)
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


def _check_names_of_fields(report: Report, path: KeyPath, names: Sequence[str]) -> None:
    """Without channels of their own, columns and places are channels."""
    for name in filter(None, names):
        if SMALL_NAME.fullmatch(name) is None:
            hint = "use small letters, digits and _, or describe the channels"
            report.problem(path, f'"{name}" cannot name a channel', hint)


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
