"""Control of simulated boards by plain data, for the API: signals, faults, power."""

import math
from collections.abc import Mapping
from typing import Any

from dummy_hw.board import DummyBoard
from dummy_hw.faults import SCRIPT_MAX, Fault
from dummy_hw.hardware import DummyHardware
from dummy_hw.signals import Signal, from_spec

NUMBER_MAX = 1e9
"""Bound of a signal's settings, so that its values stay finite."""


class RemoteBoards:
    """The protocol boards of a gateway without hardware, by device. Thread-safe, as the boards are."""

    def __init__(self, hardware: DummyHardware) -> None:
        self._hardware = hardware

    def get(self, device: str) -> Mapping[str, object] | None:
        """One board as a document, or None."""
        board = self._board(device)
        return None if board is None else _document(device, board)

    def change(self, device: str, order: Mapping[str, Any]) -> Mapping[str, object] | None:
        """Apply a change as a whole or not at all; the board's document after it, None: unknown board.

        `signals` by channel (see `signals.from_spec`), `faults` with `clear`, `script` and `rates` (see
        `FaultPlan`), `powered`, `hanging`, `reset`. Raises `ValueError` with the reason.
        """
        board = self._board(device)
        if board is None:
            return None
        signals = _signals(board, order.get("signals", {}))
        faults = order.get("faults", {})
        script = [None if name is None else Fault(name) for name in faults.get("script", ())]
        if len(script) + board.faults.waiting > SCRIPT_MAX:
            raise ValueError(f"at most {SCRIPT_MAX} faults can wait")
        rates = {Fault(name): rate for name, rate in faults.get("rates", {}).items()}
        if faults.get("clear"):
            board.faults.clear()
        if rates:
            board.faults.set_rates(rates)
        board.faults.inject(*script)
        for channel, signal in signals.items():
            board.set_signal(channel, signal)
        _switch(board, order)
        return _document(device, board)

    def _board(self, device: str) -> DummyBoard | None:
        """None also for boards that do not speak the protocol: register maps and printed lines."""
        board = self._hardware.boards.get(device)
        return board if isinstance(board, DummyBoard) else None


def _switch(board: DummyBoard, order: Mapping[str, Any]) -> None:
    if "powered" in order:
        (board.power_on if order["powered"] else board.power_off)()
    if order.get("reset"):
        board.reset()
    if "hanging" in order:
        board.hang(order["hanging"])


def _signals(board: DummyBoard, specs: Mapping[str, Mapping[str, object]]) -> dict[str, Signal]:
    channels = {channel.name for channel in board.schema.channels}
    found = {}
    for channel, spec in specs.items():
        if channel not in channels:
            raise ValueError(f"there is no channel {channel!r}; there are {', '.join(channels)}")
        try:
            for key, value in spec.items():
                _require_bounded(key, value)
            found[channel] = from_spec(spec)
        except ValueError as error:
            raise ValueError(f"signals.{channel}: {error}") from error
    return found


def _require_bounded(key: str, value: object) -> None:
    if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= NUMBER_MAX):
        raise ValueError(f"{key} must be within {NUMBER_MAX:g} of zero")


def _document(device: str, board: DummyBoard) -> Mapping[str, object]:
    status = board.status()
    return {
        "id": device,
        "powered": status.powered,
        "hanging": status.hanging,
        "uid": status.uid.hex(),
        "boot": status.boot,
        "interval_ms": status.interval_ms,
        "samples_made": status.samples_made,
        "held": status.held,
        "acknowledged": status.acknowledged,
        "overwritten": status.overwritten,
        "lost_at_reset": status.lost_at_reset,
        "resets": status.resets,
        "bad_frames": status.bad_frames,
        "executed": dict(status.executed),
        "outputs": dict(status.outputs),
        "faults": {
            "waiting": board.faults.waiting,
            "happened": {fault.value: count for fault, count in board.faults.counts.copy().items()},
        },
    }
