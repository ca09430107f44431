"""One gateway per journal: a lock the kernel drops when its holder ends, however it ends.

It is a file of its own because the journal's own file may be set aside and made anew while it is held.
It is never deleted: a deleted lock file can be locked twice.
"""

import contextlib
import fcntl
import os
from pathlib import Path

from gateway.journal.errors import JournalInUse, JournalUnavailable


class LockFile:
    """An exclusive lock on a path. One thread calls all of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; idempotent. Raises `JournalInUse` or `JournalUnavailable`."""
        if self._descriptor is not None:
            return
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise JournalUnavailable(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise JournalInUse(
                f"{self.path.with_suffix('')} is in use by another gateway"
                f" (process {holder or 'unknown'}); stop it, or give this one a path of its own"
            ) from error
        self._descriptor = descriptor
        # The number only serves the message above; a full disk must not stop the gateway here.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
