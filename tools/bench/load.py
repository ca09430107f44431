"""Commands over REST at a steady rate, with the time each took."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.support.gateway import GatewayProcess

_STOP_TIMEOUT_S = 30.0


class CommandLoad:
    """A client that sends `fan` to one device after the other while entered.

    A command's time runs from the moment it was due, not from when it could be sent: a client that is held
    up by one slow reply would otherwise leave out the ones that had to wait behind it. Each has a
    connection of its own, as a browser's first request has.
    """

    def __init__(self, gateway: GatewayProcess, devices: Sequence[str], per_second: float) -> None:
        """Starts nothing. With 0 per second it sends none."""
        self.latencies_s: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self._gateway = gateway
        self._devices = devices
        self._period_s = 1 / per_second if per_second else None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commands")

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End after the command that is under way."""
        self._stopping.set()
        self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        if self._period_s is None:
            return
        began = time.monotonic()
        number = 0
        while not self._stopping.wait(max(0.0, self._due(began, number) - time.monotonic())):
            self._send(number)
            self.latencies_s.append(time.monotonic() - self._due(began, number))
            number += 1

    def _due(self, began: float, number: int) -> float:
        assert self._period_s is not None
        return began + number * self._period_s

    def _send(self, number: int) -> None:
        device = self._devices[number % len(self._devices)]
        try:
            answer = self._gateway.command(device, "fan", speed=number % 256)
        except OSError as error:
            self.outcomes[type(error).__name__] += 1
            return
        done = answer.status == 200
        self.outcomes["done" if done else str(answer.body.get("code", answer.status))] += 1


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; NaN of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
