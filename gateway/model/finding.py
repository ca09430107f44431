"""What `gateway check` has found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; the gateway works without a remedy."""
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; `remedy` says what to type or change, None: nothing."""

    verdict: Verdict
    what: str
    remedy: str | None = None
