"""Signals of simulated sensors: pure functions of a seed and the seconds since the start.

They keep no state, so runs with the same seed are equal.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from arduino_iface.values import Value

Signal = Callable[[float], Value]
"""From seconds since the board's start to a value in the channel's unit; None is missing."""

_DURATION_MIN_S = 0.001
_MASK = 0xFFFF_FFFF_FFFF_FFFF


def _unit(seed: int, step: int) -> float:
    """A pseudo-random number, 0 <= n < 1, that depends on the two arguments only."""
    mixed = (seed * 0x9E37_79B9_7F4A_7C15 + step * 0xD1B5_4A32_D192_ED03) & _MASK
    for shift in (31, 27, 33):
        mixed = ((mixed ^ (mixed >> shift)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    return (mixed >> 11) / (1 << 53)


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same value; None is a sensor that always fails."""

    value: Value

    def __call__(self, _seconds: float) -> Value:
        """The value at any time."""
        return self.value


@dataclass(frozen=True, slots=True)
class Sine:
    """A sine wave around `mean`; `phase` in periods."""

    mean: float = 0.0
    amplitude: float = 1.0
    period_s: float = 60.0
    phase: float = 0.0

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        turn = seconds / self.period_s + self.phase
        return self.mean + self.amplitude * math.sin(2 * math.pi * turn)


@dataclass(frozen=True, slots=True)
class Ramp:
    """A ramp from `start`, `per_s` more each second; repeats every `period_s` (infinite: never)."""

    start: float = 0.0
    per_s: float = 1.0
    period_s: float = math.inf

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        return self.start + self.per_s * math.fmod(seconds, self.period_s)


@dataclass(frozen=True, slots=True)
class SquareWave:
    """`low` and `high` in turn, each for half of `period_s`."""

    low: float = 0.0
    high: float = 1.0
    period_s: float = 10.0

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        return self.low if math.fmod(seconds, self.period_s) < self.period_s / 2 else self.high


@dataclass(frozen=True, slots=True)
class Switch:
    """A door or a button: true or false by chance, for at least `dwell_s` seconds at a time."""

    seed: int = 0
    dwell_s: float = 20.0
    share: float = 0.3

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        return _unit(self.seed, math.floor(seconds / self.dwell_s)) < self.share


@dataclass(frozen=True, slots=True)
class Noise:
    """Uniform noise within `spread` of `mean`, a new value every `step_s` seconds."""

    seed: int = 0
    mean: float = 0.0
    spread: float = 1.0
    step_s: float = 0.001

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        chance = _unit(self.seed, math.floor(seconds / self.step_s))
        return self.mean + self.spread * (2 * chance - 1)


@dataclass(frozen=True, slots=True)
class Drift:
    """Wanders within `spread` of `mean` like a random walk, changing over `scale_s` seconds."""

    seed: int = 0
    mean: float = 0.0
    spread: float = 1.0
    scale_s: float = 60.0

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        total = 0.0
        weight = 0.5
        place = seconds / self.scale_s
        for octave in range(3):
            total += weight * self._smooth(octave, place)
            weight /= 2
            place *= 2
        return self.mean + self.spread * total / 0.875

    def _smooth(self, octave: int, place: float) -> float:
        """From -1 to 1, without corners."""
        left = math.floor(place)
        part = place - left
        ease = part * part * (3 - 2 * part)
        seed = self.seed * 8 + octave
        return 2 * ((1 - ease) * _unit(seed, left) + ease * _unit(seed, left + 1)) - 1


@dataclass(frozen=True, slots=True)
class PulseCounter:
    """Whole numbers that grow: pulses at `per_s`, from zero at `since_s`; wraps as a u32 does."""

    per_s: float = 1.0
    since_s: float = 0.0

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        # One short of 2**32, since the highest u32 stands for a missing value.
        return math.floor(max(seconds - self.since_s, 0.0) * self.per_s) % 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Missing:
    """A sensor that fails for the first `for_s` of every `every_s` seconds but the first."""

    inner: Signal
    every_s: float = 60.0
    for_s: float = 3.0

    def __call__(self, seconds: float) -> Value:
        """The value after `seconds`."""
        if seconds >= self.every_s and math.fmod(seconds, self.every_s) < self.for_s:
            return None
        return self.inner(seconds)


_KINDS: dict[str, type[Any]] = {
    "constant": Constant,
    "sine": Sine,
    "ramp": Ramp,
    "step": SquareWave,
    "switch": Switch,
    "noise": Noise,
    "drift": Drift,
    "counter": PulseCounter,
}


def from_spec(spec: Mapping[str, object]) -> Signal:
    """A signal from plain data, as `{"kind": "sine", "mean": 20, "amplitude": 5, "period_s": 600}`.

    Raises `ValueError` with the reason: an unknown kind or setting, or a setting that is not a finite
    number (`constant` takes true, false and null too).
    """
    settings = dict(spec)
    name = settings.pop("kind", None)
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"unknown kind of signal {name!r}; known: {', '.join(_KINDS)}")
    known = {field.name for field in fields(kind)}
    for key, value in settings.items():
        if key not in known:
            raise ValueError(f"{name} has no setting {key!r}; it has {', '.join(sorted(known))}")
        _require_usable(key, value, free=kind is Constant)
    if kind is Constant and "value" not in settings:
        raise ValueError("constant needs a value")
    signal: Signal = kind(**settings)
    return signal


def _require_usable(key: str, value: object, *, free: bool) -> None:
    if free and (value is None or isinstance(value, bool)):
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key} must be a number")
    if key == "seed" and not isinstance(value, int):
        raise ValueError("seed must be a whole number")
    if key in ("period_s", "dwell_s", "step_s", "scale_s") and value < _DURATION_MIN_S:
        raise ValueError(f"{key} must be at least {_DURATION_MIN_S}")
