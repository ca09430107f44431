"""How long to leave a silent device alone: 0.5 s, doubling to 10 s."""

SILENT_FIRST_S = 0.5
SILENT_MAX_S = 10.0


class BackOff:
    """A growing wait. Pure: the time comes from outside."""

    def __init__(self, first_s: float = SILENT_FIRST_S, most_s: float = SILENT_MAX_S) -> None:
        """Waits of `first_s`, then twice as long each time, up to `most_s`."""
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def failed(self) -> float:
        """One more failure: seconds to wait from now."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, self._most_s)
        return wait_s

    def reset(self) -> None:
        """It worked: the next failure waits briefly again."""
        self._next_s = self._first_s
