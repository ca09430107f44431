"""What simulated boards with a sketch of their own have in common: power, reset, faults."""

import threading
from abc import ABC, abstractmethod

from arduino_iface.clock import Clock
from dummy_hw.faults import FaultPlan


class SketchBoard(ABC):
    """A board whose sketch does not speak the device protocol. Thread-safe; made without power.

    `faults` is applied by the wire that the board is attached to. None: no faults.
    """

    def __init__(self, clock: Clock, faults: FaultPlan | None) -> None:
        self.clock = clock
        self.faults = FaultPlan() if faults is None else faults
        self._lock = threading.Lock()  # guards everything below and in subclasses
        self._powered = False
        self._started_at = 0.0

    def power_on(self) -> None:
        """Give it power; the sketch starts. No-op when it has power."""
        with self._lock:
            if not self._powered:
                self._powered = True
                self._start()

    def power_off(self) -> None:
        """Take its power; idempotent."""
        with self._lock:
            self._powered = False

    def reset(self) -> None:
        """Press the reset button. No-op without power."""
        with self._lock:
            if self._powered:
                self._start()

    def _start(self) -> None:
        self._started_at = self.clock.monotonic()
        self._clear()

    @abstractmethod
    def _clear(self) -> None:
        """Forget what is in RAM, with `_started_at` set: the sketch starts. The lock is held."""
