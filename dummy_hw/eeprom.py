"""The EEPROM of a simulated board: its identity and the count of its resets."""

import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

UID_LENGTH = 8
"""Bytes of a uid (docs/protocol.md)."""

_BOOT_MODULUS = 0x1_0000


@dataclass(frozen=True, slots=True)
class EepromContents:
    """`uid` is 8 bytes, made once; `boot` counts resets and wraps after 65535."""

    uid: bytes
    boot: int = 0

    def booted(self) -> "EepromContents":
        """The contents after one more reset."""
        return replace(self, boot=(self.boot + 1) % _BOOT_MODULUS)


class Eeprom(Protocol):
    """Memory that survives power-off. The board that owns it calls it under its own lock."""

    def load(self) -> EepromContents:
        """The stored contents; a fresh identity, never booted, when there are none."""
        ...

    def store(self, contents: EepromContents) -> None:
        """Keep `contents` durably."""
        ...


def fresh_uid() -> bytes:
    """A new random identity."""
    return secrets.token_bytes(UID_LENGTH)


class MemoryEeprom:
    """Survives the board's power, not the process. Give a `uid` to make a run repeatable."""

    def __init__(self, uid: bytes | None = None, boot: int = 0) -> None:
        """`boot`: resets counted so far."""
        self._contents = EepromContents(_checked(fresh_uid() if uid is None else uid), boot)

    def load(self) -> EepromContents:
        """The stored contents."""
        return self._contents

    def store(self, contents: EepromContents) -> None:
        """Keep `contents`."""
        self._contents = contents


class FileEeprom:
    """Survives the process and a power cut: a small JSON file, replaced as a whole.

    `uid` is used when the file does not exist yet (None: random). Raises `OSError` when the file
    cannot be read or written, `ValueError` when it is not such a file.
    """

    def __init__(self, path: Path, uid: bytes | None = None) -> None:
        """The folder of `path` is made on the first store."""
        self._path = path
        self._first_uid = uid
        self._contents: EepromContents | None = None

    def load(self) -> EepromContents:
        """The stored contents; the file is read once."""
        if self._contents is None:
            self._contents = self._read()
        return self._contents

    def store(self, contents: EepromContents) -> None:
        """Write beside the file, force it to the disk, and put it in the file's place."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"uid": contents.uid.hex(), "boot": contents.boot})
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        _sync_folder(self._path.parent)
        self._contents = contents

    def _read(self) -> EepromContents:
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return EepromContents(_checked(self._first_uid or fresh_uid()))
        try:
            stored = json.loads(text)
            return EepromContents(_checked(bytes.fromhex(stored["uid"])), int(stored["boot"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self._path} is not the EEPROM of a simulated board") from error


def _checked(uid: bytes) -> bytes:
    if len(uid) != UID_LENGTH:
        raise ValueError(f"a uid of {len(uid)} bytes; {UID_LENGTH} expected")
    return uid


def _sync_folder(folder: Path) -> None:
    # Without this the new name may be lost in a power cut although the contents are on disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
