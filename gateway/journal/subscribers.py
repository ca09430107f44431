"""Those who want to hear at once what was committed."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Subscribers(Generic[T]):
    """Callbacks. Any thread adds; only the writer's thread calls them, so they must be quick."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._callbacks: tuple[Callable[[Sequence[T]], None], ...] = ()
        self._failing: set[Callable[[Sequence[T]], None]] = set()
        self.errors = 0

    def add(self, callback: Callable[[Sequence[T]], None]) -> Callable[[], None]:
        """Call it after each commit from now on; returns what ends that."""
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def cancel() -> None:
            with self._lock:
                self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        return cancel

    def tell(self, news: Sequence[T]) -> None:
        """Call each of them. One that raises is logged and counted, and does not affect the others."""
        for callback in self._callbacks if news else ():
            try:
                callback(news)
            except Exception:
                self.errors += 1
                if callback not in self._failing:
                    self._failing.add(callback)
                    _log.exception("a listener for stored %s fails: %r", self._what, callback)
            else:
                if callback in self._failing:
                    self._failing.discard(callback)
                    _log.info("a listener for stored %s works again: %r", self._what, callback)
