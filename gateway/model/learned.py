"""What was learned of a board from what it sends, for boards that do not describe themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LearnedChannel:
    """One channel, the field of a line that it is read from, its type and unit.

    `line`: which kind of line has it, of those in the configuration, from 0.
    """

    name: str
    field: str
    type: str
    unit: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """What a driver has found out.

    `by_lines`: channels were learned and not configured. `interval_s`: None when it is not learned, or not
    known yet. `ignored` lines held no reading; `damaged` ones held one that is lost. `unread`: the last lines
    without a reading, each with the reason in words.
    """

    channels: tuple[LearnedChannel, ...] = ()
    by_lines: bool = False
    interval_s: float | None = None
    ignored: int = 0
    damaged: int = 0
    unread: tuple[tuple[str, str], ...] = ()
