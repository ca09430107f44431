"""Which board (uid) is which device (id), and where it was last. Pure; owned by the roster.

A board is the same device wherever it is plugged in. A place that belongs to one board does not silently
go to another: that one is unclaimed there until a person has decided.
"""

from dataclasses import dataclass, replace

SUFFIX_MIN = 4
"""Digits of the uid that a found board's id ends in; more when two boards share them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a board is: a bus, and an address on I2C (None on serial)."""

    bus: str
    address: int | None = None

    def __str__(self) -> str:
        return self.bus if self.address is None else f"{self.bus} 0x{self.address:02x}"


@dataclass(frozen=True, slots=True)
class Binding:
    """One device. `configured`: its id is from the configuration and its place is fixed there.

    `declared`: it has no board, and its readings come by another way than a bus. `uid` is None until a board
    has identified itself for it; `place` is None while it is unknown.
    """

    id: str
    uid: str | None = None
    place: Place | None = None
    configured: bool = False
    declared: bool = False


class Bindings:
    """The devices by id. The caller makes sure that one thread at a time uses it."""

    def __init__(self) -> None:
        self._bindings: dict[str, Binding] = {}

    def add(self, binding: Binding) -> None:
        """Add a device, or replace what is known of it."""
        self._bindings[binding.id] = binding

    def remove(self, device: str) -> None:
        """Forget a device. Idempotent."""
        self._bindings.pop(device, None)

    def get(self, device: str) -> Binding | None:
        """A device by its id."""
        return self._bindings.get(device)

    def by_uid(self, uid: str) -> Binding | None:
        """The device that a board is; None for a board never seen."""
        return next((binding for binding in self._bindings.values() if binding.uid == uid), None)

    def at(self, place: Place) -> Binding | None:
        """The device that a place belongs to."""
        return next(
            (binding for binding in self._bindings.values() if binding.place == place), None
        )

    def bind(self, device: str, uid: str, place: Place) -> Binding:
        """Bind a board and a place to a device. Raises `KeyError` for an unknown device."""
        binding = replace(self._bindings[device], uid=uid, place=place)
        self._bindings[device] = binding
        return binding

    def name_for(self, name: str, uid: str) -> str:
        """The id of a board that was never seen: its name and as much of its uid as makes it unique."""
        for digits in range(SUFFIX_MIN, len(uid) + 1):
            candidate = f"{name}-{uid[-digits:]}"
            if candidate not in self._bindings:
                return candidate
        raise ValueError(f"the board {uid} is bound already")
