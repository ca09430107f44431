"""Where fetched servers are kept, and how the programs that fetch them are called."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class FetchError(Exception):
    """A test server cannot be had; the text says why and what to do."""


def cache_folder(name: str) -> Path:
    """Return the folder for server `name`, not necessarily made yet.

    It lies in `$GATEWAY_TEST_CACHE`, or in `.cache` of the checkout.
    """
    return Path(os.environ.get("GATEWAY_TEST_CACHE") or ROOT / ".cache").resolve() / name


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make `folder` and hold it, so that two test runs at once fetch only once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    command: Sequence[str | Path],
    failure: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run `command` and return what it printed.

    Raises FetchError, which begins with `failure` and ends with the program's own words, if it
    cannot be started or does not exit 0. `env` is added to the environment.
    """
    environment = {**os.environ, "LC_ALL": "C", **(env or {})}
    try:
        result = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise FetchError(f"{failure}\n{command[0]}: {error.strerror}") from error
    if result.returncode != 0:
        words = result.stdout.strip() or f"{command[0]} ended with status {result.returncode}"
        raise FetchError(f"{failure}\n{words}")
    return result.stdout
