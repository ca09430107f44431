"""A change of the machine as a list of steps, each of which knows whether it is needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SetupStep:
    """`what` is said in the imperative; `needed` changes nothing; `do` may raise `ServiceError`."""

    what: str
    needed: Callable[[], bool]
    do: Callable[[], None]


def always() -> bool:
    """For a step without a lasting result that could be looked at."""
    return True


def carry_out(steps: Sequence[SetupStep], say: Say, *, dry_run: bool) -> int:
    """Do what is needed, in order, and return how many steps that were; only say it when `dry_run`."""
    done = 0
    for step in steps:
        if not step.needed():
            say(f"  as it should be  {step.what}")
            continue
        say(f"  {'would do' if dry_run else 'doing':<15}  {step.what}")
        done += 1
        if not dry_run:
            step.do()
    return done
