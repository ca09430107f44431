"""Boards that were found and may not join."""

from dataclasses import dataclass

from arduino_iface.device import Identity
from gateway.model.place import Place
from gateway.model.registry import DeviceState, DeviceView

_INTERVAL_UNKNOWN_S = 1.0
"""Shown for boards that did not say how often they measure."""


@dataclass(frozen=True, slots=True)
class UnclaimedBoard:
    """A board that may not speak for any device; shown, so that a person can resolve it."""

    place: Place
    reason: str
    identity: Identity | None
    """None for a board that answers and could not be identified."""

    def view(self, simulated: bool) -> DeviceView:
        """As the registry shows it."""
        known = self.identity
        name = "board" if known is None else known.schema.name
        return DeviceView(
            id=f"{name}-at-{_slug(self.place)}",
            bus=self.place.bus,
            address=self.place.address,
            driver="protocol",
            state=DeviceState.QUARANTINED,
            interval_s=_INTERVAL_UNKNOWN_S if known is None else known.schema.sample_ms / 1000,
            name=name,
            uid=None if known is None else known.uid,
            boot=None if known is None else known.boot,
            schema=None if known is None else known.schema,
            detail=self.reason,
            simulated=simulated,
        )


def _slug(place: Place) -> str:
    return place.bus if place.address is None else f"{place.bus}-{place.address:02x}"
