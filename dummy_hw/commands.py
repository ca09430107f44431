"""A board's commands: checked against its schema, executed once per token, outputs kept."""

import math
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arduino_iface.messages import CommandRequest, CommandStatus
from arduino_iface.schema import Argument, Command, Schema
from arduino_iface.values import Number, ValueType

TOKENS_REMEMBERED = 4
"""Tokens a board remembers with their outcome (docs/protocol.md)."""


@dataclass(frozen=True, slots=True)
class Execution:
    """How a board executes a command: running for `running_s` seconds, then `status`."""

    status: CommandStatus = CommandStatus.DONE
    running_s: float = 0.0


DONE = Execution()
"""Done at once."""

REFUSED = Execution(CommandStatus.REFUSED)
"""Refused at once."""

FAILED = Execution(CommandStatus.FAILED)
"""Failed at once."""


def running(seconds: float, status: CommandStatus = CommandStatus.DONE) -> Execution:
    """An execution that ends `seconds` after the command was accepted."""
    return Execution(status, seconds)


Arguments = Mapping[str, Number | bool]
"""Unpacked arguments by name."""

Callback = Callable[[Arguments], Execution]
"""Executes a command: called once per token, under the board's lock, so it must not wait."""


class BadArgument(ValueError):
    """The packed arguments do not fit the command."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    outcome: Execution
    accepted_at: float

    def status(self, at: float) -> CommandStatus:
        if at < self.accepted_at + self.outcome.running_s:
            return CommandStatus.RUNNING
        return self.outcome.status


class CommandExecutor:
    """Tokens, outputs and callbacks of one board. Not thread-safe: the board's lock guards it.

    A command without a callback stores its arguments in `outputs`, each under `command.argument`, and is
    done. Outputs are set to zero at a start and in the safe state.
    """

    def __init__(self, schema: Schema) -> None:
        self.executed: Counter[str] = Counter()
        self.outputs: dict[str, Number | bool] = {}
        self._schema = schema
        self._callbacks: dict[str, Callback] = {}
        self._tokens: OrderedDict[int, _Remembered] = OrderedDict()
        self.zero_outputs()

    def on_command(self, name: str, callback: Callback | None) -> None:
        """Execute `name` by `callback`; None: the default. Raises `ValueError` for no such name."""
        if self._schema.command(name) is None:
            raise ValueError(f"{self._schema.name} has no command {name!r}")
        if callback is None:
            self._callbacks.pop(name, None)
        else:
            self._callbacks[name] = callback

    def start(self) -> None:
        """The board starts: tokens are forgotten, outputs are zero. Callbacks stay."""
        self._tokens.clear()
        self.zero_outputs()

    def zero_outputs(self) -> None:
        """Set every output to zero."""
        for command in self._schema.commands:
            for argument in command.arguments:
                zero = False if argument.type is ValueType.BOOL else 0
                self.outputs[f"{command.name}.{argument.name}"] = zero

    def known(self, token: int, at: float) -> CommandStatus | None:
        """The status at `at` of a remembered token, or None."""
        remembered = self._tokens.get(token)
        return None if remembered is None else remembered.status(at)

    def remember(self, token: int, outcome: Execution, at: float) -> CommandStatus:
        """Keep the outcome of a new token; the oldest of more than four is forgotten."""
        self._tokens[token] = _Remembered(outcome, at)
        if len(self._tokens) > TOKENS_REMEMBERED:
            self._tokens.popitem(last=False)
        return self._tokens[token].status(at)

    def execute(self, request: CommandRequest) -> Execution:
        """Execute a command of the schema."""
        if request.code >= len(self._schema.commands):
            return Execution(CommandStatus.UNKNOWN_COMMAND)
        command = self._schema.commands[request.code]
        try:
            arguments = unpack_arguments(command, request.arguments)
        except BadArgument:
            return Execution(CommandStatus.BAD_ARGUMENT)
        self.executed[command.name] += 1
        callback = self._callbacks.get(command.name)
        if callback is not None:
            return callback(arguments)
        for name, value in arguments.items():
            self.outputs[f"{command.name}.{name}"] = value
        return DONE


def unpack_arguments(command: Command, data: bytes) -> dict[str, Number | bool]:
    """The arguments by name. Raises `BadArgument` for a wrong length or a value out of bounds."""
    if len(data) != sum(argument.type.size for argument in command.arguments):
        raise BadArgument(f"{len(data)} bytes are not the arguments of {command.name}")
    values: dict[str, Number | bool] = {}
    offset = 0
    for argument in command.arguments:
        end = offset + argument.type.size
        values[argument.name] = _unpack_one(argument, data[offset:end])
        offset = end
    return values


def _unpack_one(argument: Argument, data: bytes) -> Number | bool:
    # Not ValueType.unpack: arguments have no missing value.
    if argument.type is ValueType.F32:
        number: Number = struct.unpack("<f", data)[0]
        lowest, highest = (_as_f32(limit) for limit in (argument.minimum, argument.maximum))
    else:
        number = int.from_bytes(data, "little", signed=argument.type.lowest < 0)
        lowest, highest = argument.minimum, argument.maximum
    if not math.isfinite(number) or not lowest <= number <= highest:
        raise BadArgument(f"{argument.name} is out of bounds")
    return bool(number) if argument.type is ValueType.BOOL else number


def _as_f32(limit: Number) -> Number:
    """A bound as the 32-bit float that the board compares with."""
    rounded: float = struct.unpack("<f", struct.pack("<f", limit))[0]
    return rounded
