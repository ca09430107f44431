"""A reading: made once, where a sample enters the gateway, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

ReadingValue = int | float | bool | str | None
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Quality(StrEnum):
    """How far a reading can be trusted."""

    GOOD = "good"
    PARTIAL = "partial"
    CLOCK_UNSYNCED = "clock_unsynced"
    OUT_OF_RANGE = "out_of_range"
    UNVERIFIED = "unverified"
    """Nothing shows that the values are those that were asked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of one device.

    `time_ms` is UTC in ms since 1970. `boot_id` and `boottime_ms` are the same moment on the machine's
    own clock (kernel boot id, CLOCK_BOOTTIME), so that a reading taken before the wall clock was right
    can be stamped again. `uid`, `boot` and `seq` identify the sample for boards that speak the device
    protocol and are None for others, whose identity the journal gives.
    """

    device: str
    time_ms: int
    values: Mapping[str, ReadingValue]
    quality: Quality = Quality.GOOD
    uid: str | None = None
    boot: int | None = None
    seq: int | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    simulated: bool = False
    boot_id: str = ""
    boottime_ms: int = 0

    @property
    def key(self) -> str | None:
        """The deterministic identity uid-boot-seq, or None when the journal gives one."""
        if self.uid is None:
            return None
        return f"{self.uid}-{self.boot}-{self.seq}"


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A reading that is in the journal, with its row number and its final key."""

    row: int
    key: str
    reading: Reading

    @property
    def seq(self) -> int:
        """Its number among all entries of the journal: the row."""
        return self.row


class LossReason(StrEnum):
    """Why a sample that was made is not stored."""

    OVERWRITTEN = "overwritten"
    DEVICE_ABSENT = "device_absent"
    BUS_ERROR = "bus_error"
    CLOCK_UNKNOWN = "clock_unknown"
    SHED_BY_BOUND = "shed_by_bound"


@dataclass(frozen=True, slots=True)
class Through:
    """The numbers below `following` of this boot of this board are accounted for."""

    uid: str
    boot: int
    following: int


@dataclass(frozen=True, slots=True)
class Loss:
    """`count` samples of a device that can no longer be had, and why.

    `time_ms`: UTC, as nearly as can be told, of when they were taken or due. `through` tells which of a
    board's numbers the loss takes part in explaining, None for samples that never had a number.
    """

    device: str
    reason: LossReason
    count: int
    time_ms: int
    through: Through | None = None
