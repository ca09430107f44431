"""What drivers for sketches that do not speak the protocol give: measurements and outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass

from arduino_iface.messages import CommandStatus
from arduino_iface.values import Readable


@dataclass(frozen=True, slots=True)
class Measurement:
    """The values of one moment by channel, None for missing.

    `measured_mono` (monotonic seconds) is when they were read. `out_of_range`: a value, kept as it was
    said, is outside the limits that the configuration gives.
    """

    values: Mapping[str, Readable]
    measured_mono: float
    out_of_range: bool = False

    @property
    def complete(self) -> bool:
        """Whether no channel's value is missing."""
        return all(value is not None for value in self.values.values())


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What became of a command that was sent.

    `confirmed`: the device itself said so, or what was written was read back; else it is only known that
    the command went out. `detail` in words, for the log and the record.
    """

    status: CommandStatus
    confirmed: bool
    detail: str | None = None
