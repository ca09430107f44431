"""What happens in a simulation and when: made from the seed, before anything runs.

An event carries everything it needs, so that leaving one out changes nothing in the others.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dummy_hw.faults import Fault

PROTOCOL = ("greenhouse", "workshop", "cellar", "vehicle", "laboratory")
OTHERS = ("tank", "scale")
SERIAL = ("vehicle", "laboratory", "scale")
WORKERS = ("journal", "delivery-sim", "discovery", "collection")

I2C_FAULTS = (
    Fault.NACK, Fault.SILENCE, Fault.DROP_REQUEST, Fault.DROP_REPLY, Fault.DUPLICATE, Fault.CORRUPT,
    Fault.TRUNCATE, Fault.REBOOT, Fault.STUCK_BUS, Fault.LATE_REPLY, Fault.STALE, Fault.SHIFT,
    Fault.DISCONNECT,
)  # fmt: skip
SERIAL_FAULTS = (
    Fault.SILENCE, Fault.DROP_REQUEST, Fault.DROP_REPLY, Fault.DUPLICATE, Fault.CORRUPT,
    Fault.TRUNCATE, Fault.REBOOT, Fault.LATE_REPLY, Fault.DISCONNECT,
)  # fmt: skip
# Sketches without checksums: only what they can be expected to survive without a wrong value.
TANK_FAULTS = (Fault.NACK, Fault.SILENCE, Fault.STUCK_BUS)
SCALE_FAULTS = (Fault.DROP_REPLY,)


@dataclass(frozen=True)
class Event:
    """`kind` happens at `at` (seconds after the start) with `details`."""

    at: float
    kind: str
    details: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.at:8.3f} {self.kind} {shown}"


def make(seed: int, length_s: float) -> list[Event]:
    """The events of a seed, in order. A seed is calm or wild, and has its favourite faults."""
    rng = random.Random(seed * 7919 + 1)
    kinds = {kind: weight * rng.choice((0, 0.3, 1, 3)) for kind, (weight, _) in _KINDS.items()}
    kinds["order"] = _KINDS["order"][0]
    count = round(length_s * rng.uniform(0.3, 1.5))
    events = []
    for _ in range(count):
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        details = _KINDS[kind][1](rng)
        events.append(Event(round(rng.uniform(0.5, length_s), 3), kind, details))
    return sorted(events, key=lambda one: one.at)


def _faults_of(rng: random.Random) -> tuple[str, tuple[Fault, ...]]:
    device = rng.choice(PROTOCOL + OTHERS)
    if device == "tank":
        return device, TANK_FAULTS
    if device == "scale":
        return device, SCALE_FAULTS
    return device, SERIAL_FAULTS if device in SERIAL else I2C_FAULTS


def _script(rng: random.Random) -> Mapping[str, object]:
    device, possible = _faults_of(rng)
    faults = [rng.choice((None, *possible)) for _ in range(rng.randint(1, 6))]
    return {"device": device, "faults": [one.value if one else "-" for one in faults]}


def _noise(rng: random.Random) -> Mapping[str, object]:
    device, possible = _faults_of(rng)
    fault, rate = rng.choice(possible), rng.choice((0.05, 0.2, 0.5))
    return {"device": device, "fault": fault.value, "rate": rate, "for_s": _span(rng, 12)}


def _span(rng: random.Random, most: float) -> float:
    return round(rng.uniform(0.1, 1.0) * rng.choice((1, most / 3, most)), 3)


def _board(most: float) -> Callable[[random.Random], Mapping[str, object]]:
    return lambda rng: {"device": rng.choice(PROTOCOL + OTHERS), "for_s": _span(rng, most)}


def _protocol_board(most: float) -> Callable[[random.Random], Mapping[str, object]]:
    return lambda rng: {"device": rng.choice(PROTOCOL), "for_s": _span(rng, most)}


def _sink(rng: random.Random) -> Mapping[str, object]:
    modes = ("down", "slow", "ambiguous", "partial", "refuse", "poison", "misconfigured")
    return {"mode": rng.choice(modes), "for_s": _span(rng, 20)}


def _fuse(rng: random.Random) -> Mapping[str, object]:
    return {
        "count": rng.randint(1, 60),
        "what": rng.choice(("full", "io", "late", "slow")),
        "after": rng.random() < 0.5,
    }


def _kill_in(rng: random.Random) -> Mapping[str, object]:
    return {"count": rng.randint(1, 80), "after": rng.random() < 0.5}


def _order(rng: random.Random) -> Mapping[str, object]:
    return {
        "device": rng.choice(PROTOCOL),
        "number": rng.getrandbits(31),
        "again": rng.random() < 0.2,
        "keyed": rng.random() < 0.5,
        "timeout_s": rng.choice((0.5, 2.0, 10.0)),
        "trouble": _trouble(rng),
    }


def _trouble(rng: random.Random) -> list[str]:
    """What goes wrong on the wire while the order is carried out; "-" lets one transaction pass."""
    classics = (["-", "drop_reply", "reboot"], ["-", *["drop_reply"] * 4, "reboot"])
    possible = ("-", "-", "drop_reply", "reboot", "late_reply", "duplicate", "corrupt", "silence")
    match rng.randrange(4):
        case 0:
            return list(rng.choice(classics))
        case 1:
            return [rng.choice(possible) for _ in range(rng.randint(1, 7))]
        case _:
            return []


def _move(rng: random.Random) -> Mapping[str, object]:
    return {"device": rng.choice(("cellar", "laboratory")), "for_s": _span(rng, 6)}


def _clock(rng: random.Random) -> Mapping[str, object]:
    hours = rng.choice((-9.0, -0.01, 0.003, 1.0, 12.0, 24.0 * 9))
    return {"by_ms": round(hours * 3_600_000)}


_KINDS: Mapping[str, tuple[float, Callable[[random.Random], Mapping[str, object]]]] = {
    "order": (8, _order),
    "script": (6, _script),
    "noise": (2, _noise),
    "silence": (2, _board(15)),
    "reset": (1.5, _protocol_board(1)),
    "hang": (1, _protocol_board(12)),
    "power_cut": (1, _board(15)),
    "move": (1, _move),
    "adapter_gone": (0.5, lambda rng: {}),
    "sink": (2.5, _sink),
    "disk_full": (1, lambda rng: {"for_s": _span(rng, 15)}),
    "fuse": (3, _fuse),
    "kill": (0.8, lambda rng: {}),
    "kill_in_statement": (1, _kill_in),
    "stop": (0.3, lambda rng: {}),
    "outage": (0.2, lambda rng: {"for_s": _span(rng, 10)}),
    "clock": (0.8, _clock),
    "raise": (0.6, lambda rng: {
        "worker": rng.choice(WORKERS), "when": rng.choice(("before", "after"))
    }),
}  # fmt: skip
"""Weight and details of each kind of event."""
