"""Which date retention believes in. Pure.

A wall clock can jump years ahead by mistake, and everything that is kept by age would be gone in a minute.
So a date that the passing of time does not explain is believed only after it has lasted for a day. Going
back is believed at once: it only keeps more.
"""

from typing import Final

JUMP_MS: Final = 3_600_000
GRACE_S: Final = 86_400.0


class Calendar:
    """Follows the wall clock as far as it is plausible. Used by the journal's writer alone."""

    def __init__(self, believed_ms: int, mono: float) -> None:
        """`believed_ms` (UTC) is what was believed last, 0 for nothing; `mono`: monotonic seconds now."""
        self._believed_ms = believed_ms
        self._mono = mono
        self._ahead_since: float | None = None

    def today(self, wall_ms: int, mono: float) -> int:
        """The time to reckon ages from, UTC in ms, when the clocks show these."""
        due_ms = self._believed_ms + round((mono - self._mono) * 1000)
        if self._believed_ms and wall_ms > due_ms + JUMP_MS:
            if self._ahead_since is None:
                self._ahead_since = mono
            believed_ms = wall_ms if mono - self._ahead_since >= GRACE_S else due_ms
        else:
            believed_ms = wall_ms
        if believed_ms == wall_ms:
            self._ahead_since = None
        self._believed_ms, self._mono = believed_ms, mono
        return believed_ms
