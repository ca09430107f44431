"""Access keys of the API and their scopes, kept as hashes in a small file.

`gateway keys` and the running gateway share nothing but the file; each reads it as it is now.
"""

import fcntl
import hashlib
import hmac
import json
import logging
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.config.names import NAME, NAME_RULE
from gateway.log.condition import Condition

KEYS_MAX = 100
SECRET_PREFIX = "gwk_"
SECRET_BYTES = 32
SECRET_LENGTH_MAX = 256
"""Characters; a longer one is refused without hashing."""

_FILE_MAX = 1 << 20
_VERSION = 1

log = logging.getLogger(__name__)


class Scope(StrEnum):
    """What a key permits; each scope includes the ones before it."""

    READ = "read"
    COMMAND = "command"
    ADMIN = "admin"

    def includes(self, needed: "Scope") -> bool:
        """Whether this scope permits what needs `needed`."""
        order = list(Scope)
        return order.index(self) >= order.index(needed)


class KeyProblem(Exception):
    """The keys cannot be read or changed; the message has the reason and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. `digest`: SHA-256 of the secret, hex; `created_ms`: UTC."""

    name: str
    scope: Scope
    digest: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys at one moment. `readable` False: the file exists and is damaged, so every key is refused."""

    keys: tuple[Key, ...] = ()
    readable: bool = True

    @property
    def required(self) -> bool:
        """Whether requests from this machine need a key too."""
        return bool(self.keys) or not self.readable

    def find(self, secret: str) -> Key | None:
        """The key with this secret, or None. In constant time wherever it is in the list."""
        if len(secret) > SECRET_LENGTH_MAX:
            return None
        return self.with_digest(digest_of(secret))

    def with_digest(self, digest: str) -> Key | None:
        """The key with this hash, or None."""
        found = None
        for key in self.keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found


def digest_of(secret: str) -> str:
    """The hash that is stored. The secret is long and random, so a slow hash would not add protection."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class KeyStore:
    """The file with the keys. Thread-safe; several processes may use the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()  # guards the two below; held while a small file is read
        self._seen: tuple[int, int, int] | None = None
        self._ring = KeyRing()
        self._trouble = Condition(
            log, "access keys cannot be read, every key is refused", "access keys can be read again"
        )

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        return self._path

    def ring(self) -> KeyRing:
        """The current keys; read again only when the file has changed."""
        with self._guard:
            try:
                seen = _signature(self._path)
                if seen != self._seen or not self._ring.readable:
                    self._ring = KeyRing(self.read())
                    self._seen = seen
            except (KeyProblem, OSError) as error:
                self._trouble.failed(error)
                self._ring = KeyRing(readable=False)
            else:
                self._trouble.ok()
            return self._ring

    def read(self) -> tuple[Key, ...]:
        """The keys in the file, empty without a file. Raises `KeyProblem`."""
        try:
            with self._path.open("rb") as file:
                content = file.read(_FILE_MAX + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise KeyProblem(f"{self._path} cannot be read: {error.strerror}") from error
        try:
            return _decode(content)
        except (ValueError, KeyError, TypeError) as error:
            raise KeyProblem(
                f"{self._path} is damaged ({error}); move it away and create new keys with "
                "`gateway keys create`"
            ) from error

    def create(self, name: str, scope: Scope, now_ms: int) -> str:
        """Create a key and return its secret, which is stored nowhere. Raises `KeyProblem`."""
        if NAME.fullmatch(name) is None:
            raise KeyProblem(f"{name!r} cannot be the name of a key; {NAME_RULE}")
        secret = SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)

        def with_new(keys: Sequence[Key]) -> list[Key]:
            if any(key.name == name for key in keys):
                raise KeyProblem(f"a key {name!r} exists already; revoke it or choose another name")
            if len(keys) >= KEYS_MAX:
                raise KeyProblem(f"there are {KEYS_MAX} keys, the maximum; revoke some")
            return [*keys, Key(name, scope, digest_of(secret), now_ms)]

        self._change(with_new)
        return secret

    def revoke(self, name: str) -> None:
        """Revoke a key, at once. Raises `KeyProblem`, also when it does not exist."""

        def without(keys: Sequence[Key]) -> list[Key]:
            kept = [key for key in keys if key.name != name]
            if len(kept) == len(keys):
                known = ", ".join(key.name for key in keys) or "none"
                raise KeyProblem(f"there is no key {name!r}; there are: {known}")
            return kept

        self._change(without)

    def _change(self, change: Callable[[Sequence[Key]], Sequence[Key]]) -> None:
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            with self._locked():
                self._write(_encode(change(self.read())))
        except OSError as error:
            raise KeyProblem(f"{self._path} cannot be written: {error.strerror}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Excludes a second `gateway keys` from reading to writing."""
        with self._path.with_suffix(".lock").open("ab") as lock:
            os.fchmod(lock.fileno(), 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, content: bytes) -> None:
        # mkstemp makes the file readable for its owner alone before it has content.
        number, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                _give_to_owner_of(self._path.parent, file.fileno())
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            os.unlink(name)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _give_to_owner_of(folder: Path, file: int) -> None:
    """Root may create keys for a gateway that runs as another user, who must be able to read them."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def _encode(keys: Sequence[Key]) -> bytes:
    documents = [
        {"name": k.name, "scope": k.scope.value, "sha256": k.digest, "created_ms": k.created_ms}
        for k in keys
    ]
    return json.dumps({"version": _VERSION, "keys": documents}, indent=1).encode() + b"\n"


def _decode(content: bytes) -> tuple[Key, ...]:
    if len(content) > _FILE_MAX:
        raise ValueError("too large")
    document = json.loads(content)
    if document["version"] != _VERSION:
        raise ValueError("of another version")
    return tuple(_decode_key(one) for one in document["keys"])


def _decode_key(one: dict[str, object]) -> Key:
    name, digest, created_ms = one["name"], one["sha256"], one["created_ms"]
    if not isinstance(name, str) or not isinstance(digest, str) or not isinstance(created_ms, int):
        raise ValueError("a key has a wrong form")
    if len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
        raise ValueError("a hash has a wrong length")
    return Key(name, Scope(str(one["scope"])), digest, created_ms)
