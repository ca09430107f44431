"""Browser sessions: random ids that stand for a key, so that a page need not keep the key itself."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gateway.access.keys import digest_of

SESSIONS_MAX = 256
"""More than these are never kept: the oldest ends when another begins."""

LIFETIME_S = 12 * 3600.0

_ID_BYTES = 32
_ID_LENGTH_MAX = 128


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One session: the hash of its key, and its end in monotonic seconds."""

    key_digest: str
    ends_mono: float


class SessionStore:
    """The sessions of one app, in memory only: a restart ends them all. Thread-safe."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` gives monotonic seconds."""
        self._now = now
        self._guard = threading.Lock()  # guards _sessions, held for a few statements
        self._sessions: OrderedDict[str, BrowserSession] = (
            OrderedDict()
        )  # by hash of the id, oldest first

    def open(self, key_digest: str) -> str:
        """Begin a session and return its id."""
        session_id = secrets.token_urlsafe(_ID_BYTES)
        session = BrowserSession(key_digest, self._now() + LIFETIME_S)
        with self._guard:
            self._sessions[digest_of(session_id)] = session
            while len(self._sessions) > SESSIONS_MAX:
                self._sessions.popitem(last=False)
        return session_id

    def find(self, session_id: str) -> BrowserSession | None:
        """The session with this id, None when there is none or it is over."""
        if len(session_id) > _ID_LENGTH_MAX:
            return None
        with self._guard:
            session = self._sessions.get(digest_of(session_id))
        return session if session is not None and self._now() < session.ends_mono else None

    def left_s(self, session: BrowserSession) -> float:
        """Seconds until it is over."""
        return session.ends_mono - self._now()

    def close(self, session_id: str) -> None:
        """End a session; nothing when there is none."""
        with self._guard:
            self._sessions.pop(digest_of(session_id), None)
