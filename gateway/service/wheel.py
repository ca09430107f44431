"""A wheel of the gateway: its version and files, read without installing it."""

import hashlib
import re
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from gateway.service.errors import ServiceError

_NAME = "arduino_gateway"
_FILE = re.compile(rf"{_NAME}-(?P<version>[A-Za-z0-9.!+]+)-py3-none-any\.whl")
_SCHEMA = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from gateway.journal.ddl import SCHEMA_VERSION; print(SCHEMA_VERSION)"
)


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of the gateway."""

    path: Path
    version: str
    digest: str

    @classmethod
    def open(cls, path: Path) -> "Wheel":
        """Raises `ServiceError` for anything that is not a whole wheel of the gateway."""
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise ServiceError(
                f"{path.name} is not a wheel of the gateway",
                f"its name is {_NAME}-VERSION-py3-none-any.whl; `make wheel` builds one",
            )
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ServiceError(f"{path}: {error.strerror or error}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise ServiceError(f"{path} is damaged or truncated", "copy it again") from None
        if damaged:
            raise ServiceError(f"{path} is damaged ({damaged})", "copy it again")
        wheel = cls(path.absolute(), match["version"], digest)
        wheel.text("gateway/service/gateway.service")
        return wheel

    @property
    def name(self) -> str:
        """The name of its folder; the hash distinguishes builds of the same version."""
        return f"{self.version}-{self.digest[:8]}"

    def text(self, member: str) -> str:
        """A file of the wheel. Raises `ServiceError` when it is missing."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(member).decode("utf-8")
        except KeyError:
            raise ServiceError(
                f"{self.path.name} has no {member}: it is too old for this installer"
            ) from None

    def constraints(self) -> str:
        """Constraints for pip: the versions of the dependencies that it was tested with."""
        locked = self.text("gateway/service/constraints.txt")
        # Without the hashes: on a Pi some packages come from another place, built anew.
        lines = (line.rstrip("\\").strip() for line in locked.splitlines())
        return "".join(f"{line}\n" for line in lines if line and line[0] not in "#-")

    def journal_schema(self) -> int:
        """The newest journal schema it supports. Raises `ServiceError` when that is unknown."""
        try:
            shown = subprocess.run(
                [sys.executable, "-I", "-c", _SCHEMA, str(self.path)],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout
            return int(shown)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise ServiceError(
                f"cannot determine which journals {self.path.name} supports"
            ) from error


def running_wheel() -> Path | None:
    """The wheel that this program runs from; None when it is installed."""
    for parent in Path(__file__).parents:
        if parent.suffix == ".whl" and parent.is_file():
            return parent
    return None
