"""Who is who: which board (uid) is which device (id), and where it was last. Pure; owned by the fleet.

A board is the same device wherever it is plugged in. A place that belongs to one board does not silently
go to another: that one is a stranger there until a person has decided.
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
class Entry:
    """One device. `configured`: its id is from the configuration and its place is fixed there.

    `uid` is None until a board has identified itself for it; `place` None while nobody knows it.
    """

    id: str
    uid: str | None = None
    place: Place | None = None
    configured: bool = False


class Book:
    """The devices by id. The caller makes sure that one thread at a time uses it."""

    def __init__(self) -> None:
        """Empty."""
        self._entries: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Enter a device, or replace what is known of it."""
        self._entries[entry.id] = entry

    def get(self, device: str) -> Entry | None:
        """A device by its id."""
        return self._entries.get(device)

    def by_uid(self, uid: str) -> Entry | None:
        """The device that a board is; None for a board never seen."""
        return next((entry for entry in self._entries.values() if entry.uid == uid), None)

    def at(self, place: Place) -> Entry | None:
        """The device that a place belongs to."""
        return next((entry for entry in self._entries.values() if entry.place == place), None)

    def bind(self, device: str, uid: str, place: Place) -> Entry:
        """This board is this device, and it is there. Raises `KeyError` for an unknown device."""
        entry = replace(self._entries[device], uid=uid, place=place)
        self._entries[device] = entry
        return entry

    def name_for(self, name: str, uid: str) -> str:
        """The id of a board that was never seen: its name and as much of its uid as makes it unique."""
        for digits in range(SUFFIX_MIN, len(uid) + 1):
            candidate = f"{name}-{uid[-digits:]}"
            if candidate not in self._entries:
                return candidate
        raise ValueError(f"the board {uid} is in the book already")
