"""Files as a power cut could have left them, from a log of all writes (see `write_log.c`).

What was synced is on the disk. Of what was written to a file since its last sync, each sector is there or
not, by chance; so is a change of its length. Names are taken to be durable, which is what syncing the folder
is for and is not proved here.
"""

import random
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation: W write, T truncate (`offset` is the new length), S sync, U unlink."""

    kind: str
    path: str
    offset: int
    data: bytes


@dataclass(slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    since: list[Entry] = field(default_factory=list)


def build_logger(folder: Path) -> Path:
    """Compile the library that writes the log."""
    library = folder / "write_log.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library,
         _HERE / "write_log.c", "-ldl", "-lpthread"],
        check=True,
    )  # fmt: skip
    return library


def read_log(path: Path) -> list[Entry]:
    """The whole log, in order; a last record that was cut off is left out."""
    content, at, entries = path.read_bytes(), 0, []
    while at + 5 <= len(content):
        kind, length = chr(content[at]), struct.unpack_from("<I", content, at + 1)[0]
        name = content[at + 5 : at + 5 + length].decode()
        at += 5 + length
        if at + 16 > len(content):
            break
        offset, size = struct.unpack_from("<QQ", content, at)
        at += 16
        size = size if kind == "W" else 0
        if at + size > len(content):
            break
        entries.append(Entry(kind, name, offset, content[at : at + size]))
        at += size
    return entries


def cut_at(entries: Sequence[Entry], rng: random.Random) -> dict[str, bytes]:
    """The files after a power cut that came when all these operations had been made."""
    files: dict[str, _File] = {}
    for entry in entries:
        if entry.kind == "U":
            files.pop(entry.path, None)
            continue
        file = files.setdefault(entry.path, _File())
        if entry.kind == "S":
            for one in file.since:
                _apply(file.synced, one)
            file.since.clear()
        else:
            file.since.append(entry)
    return {path: _after_cut(file, rng) for path, file in files.items()}


def _after_cut(file: _File, rng: random.Random) -> bytes:
    content = bytearray(file.synced)
    keeps = rng.choice((0.0, 0.5, 1.0))
    for entry in file.since:
        if entry.kind == "T":
            if rng.random() < keeps:
                _apply(content, entry)
            continue
        for start in range(0, len(entry.data), SECTOR):
            if rng.random() < keeps:
                part = entry.data[start : start + SECTOR]
                _apply(content, Entry("W", entry.path, entry.offset + start, part))
    return bytes(content)


def _apply(content: bytearray, entry: Entry) -> None:
    if entry.kind == "T":
        if entry.offset < len(content):
            del content[entry.offset :]
        else:
            content.extend(bytes(entry.offset - len(content)))
        return
    end = entry.offset + len(entry.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[entry.offset : end] = entry.data
