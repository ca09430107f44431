"""A copy of the journal from before a migration, for a rollback."""

import os
import shutil
import time
from pathlib import Path

from gateway.journal.errors import JournalError
from gateway.journal.maintenance import number_behind
from gateway.service.errors import ServiceError

_PARTS = ("", "-wal", "-shm")
_RESERVE_BYTES = 64 << 20


class JournalBackup:
    """To be used only while the gateway is stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._copy = path.with_name(f"{path.name}.before-update")
        self._made = False

    def make(self) -> None:
        """Copy it. Raises `ServiceError` when there is no room."""
        parts = [part for part in _PARTS if Path(f"{self._path}{part}").exists()]
        size = sum(Path(f"{self._path}{part}").stat().st_size for part in parts)
        free = shutil.disk_usage(self._path.parent).free
        if free < size + _RESERVE_BYTES:
            raise ServiceError(
                f"a copy of the journal needs {size >> 20} MiB; only {free >> 20} MiB are free",
                "free some space or lower max_size in [journal], then update again",
            )
        self.drop()
        for part in parts:
            _copy(Path(f"{self._path}{part}"), Path(f"{self._copy}{part}"))
        self._made = True

    def restore(self) -> Path | None:
        """Put the copy back and rename what was there; returns its new name, None without a copy.

        Raises `ServiceError` when the copy is not usable.
        """
        if not self._made:
            return None
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self._path.with_name(f"{self._path.name}.newer-{stamp}")
        for part in _PARTS:
            if Path(f"{self._path}{part}").exists():
                os.replace(f"{self._path}{part}", f"{aside}{part}")
        for part in _PARTS:
            if Path(f"{self._copy}{part}").exists():
                os.replace(f"{self._copy}{part}", f"{self._path}{part}")
        try:
            number_behind(self._path, aside)
        except JournalError as error:
            raise ServiceError(f"the copy of the journal cannot be used: {error}") from error
        return aside

    def drop(self) -> None:
        """Delete the copy. Idempotent."""
        for part in _PARTS:
            Path(f"{self._copy}{part}").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    shutil.copy2(source, target)
    found = source.stat()
    os.chown(target, found.st_uid, found.st_gid)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
