"""A part as somebody would add it: one table, and a secret that is an address."""

from dataclasses import dataclass, field

from gateway.config.fields import Choice, Duration
from gateway.config.section import Secret, Section
from gateway.config.tables import TableSchema


@dataclass(frozen=True)
class BeaconSettings:
    color: str = "red"
    period_s: float = 1.0
    url: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.color


class BeaconTable(TableSchema):
    color = Choice(("red", "green"))
    period = Duration(0.1, 60.0, attribute="period_s")


SECTION = Section(
    "beacon",
    BeaconSettings,
    BeaconTable,
    secrets=(Secret("GATEWAY_BEACON_URL", "url", ("http", "https"), "https://h/", ("BEACON",)),),
)
