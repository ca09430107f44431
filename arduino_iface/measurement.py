"""Results from sketches that do not speak the protocol: measurements, and outcomes of commands."""

from collections.abc import Mapping
from dataclasses import dataclass

from arduino_iface.messages import CommandStatus
from arduino_iface.values import Readable


@dataclass(frozen=True, slots=True)
class Measurement:
    """The values of one moment by channel, None for missing.

    `measured_mono` (monotonic seconds) is when they were read. `out_of_range`: a value is outside
    the limits of the configuration; it is kept. `unverified`: nothing shows that the values are those
    that were asked for.
    """

    values: Mapping[str, Readable]
    measured_mono: float
    out_of_range: bool = False
    unverified: bool = False

    @property
    def complete(self) -> bool:
        """Whether no channel's value is missing."""
        return all(value is not None for value in self.values.values())


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """The outcome of a command that was sent.

    `confirmed`: the device replied, or the value was read back; else it is only known that the command was
    sent. `detail` in words, for the log and the record; None when there is none.
    """

    status: CommandStatus
    confirmed: bool
    detail: str | None = None
