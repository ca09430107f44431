"""State and counts of a simulated board, as one immutable snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass

from arduino_iface.values import Number


@dataclass(frozen=True, slots=True)
class BoardStatus:
    """Counts are since the board was made, over all its boots; times in ms, `uid` is 8 bytes.

    Always `samples_made == acknowledged + overwritten + lost_at_reset + held`.
    """

    name: str
    uid: bytes
    boot: int
    powered: bool
    hanging: bool
    safe_state: bool
    uptime_ms: int
    interval_ms: int
    next_seq: int
    samples_made: int
    held: int
    acknowledged: int
    overwritten: int
    lost_at_reset: int
    resets: int
    identified: int
    bad_frames: int
    executed: Mapping[str, int]
    outputs: Mapping[str, Number | bool]
