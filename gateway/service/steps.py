"""Idempotent steps that change the machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SetupStep:
    """`what`: an imperative for the user; `needed` changes nothing; `do` may raise `ServiceError`."""

    what: str
    needed: Callable[[], bool]
    do: Callable[[], None]


def always() -> bool:
    """For a step whose result cannot be checked."""
    return True


def carry_out(steps: Sequence[SetupStep], say: Say, *, dry_run: bool) -> int:
    """Do the needed steps in order and return their number; `dry_run`: only print them."""
    done = 0
    for step in steps:
        if not step.needed():
            say(f"  {'unchanged':<15}  {step.what}")
            continue
        say(f"  {'would do' if dry_run else 'doing':<15}  {step.what}")
        done += 1
        if not dry_run:
            step.do()
    return done
