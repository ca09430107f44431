"""Three MongoDB servers that are one database."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymongo
from pymongo.errors import PyMongoError

from tests.support.mongod import Mongod

_START_TIMEOUT_S = 60.0


class ReplicaSet:
    """Runs when entered, gone when left. One thread uses it."""

    def __init__(self, folder: Path) -> None:
        self._members = [
            Mongod(folder / f"member{number}", "--replSet", "rs0", "--oplogSize", "64")
            for number in range(3)
        ]
        self._time = threading.Event()

    def __enter__(self) -> Self:
        try:
            for member in self._members:
                member.start()
            names = [{"_id": n, "host": _host(one)} for n, one in enumerate(self._members)]
            config = {"_id": "rs0", "members": names, "settings": {"electionTimeoutMillis": 2000}}
            with self._members[0].client() as client:
                client.admin.command("replSetInitiate", config)
            self.primary()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def uri(self) -> str:
        hosts = ",".join(_host(one) for one in self._members)
        return f"mongodb://{hosts}/?replicaSet=rs0"

    def client(self) -> pymongo.MongoClient[dict[str, Any]]:
        """Reads what a majority has."""
        return pymongo.MongoClient(self.uri, timeoutMS=30_000, readConcernLevel="majority")

    def primary(self) -> Mongod:
        """The member that takes writes; waits for an election."""
        for _ in range(int(_START_TIMEOUT_S / 0.1)):
            for member in self._members:
                if _is_primary(member):
                    return member
            self._time.wait(0.1)
        raise TimeoutError("no member was elected")

    def close(self) -> None:
        for member in self._members:
            member.kill()


def _host(member: Mongod) -> str:
    return f"127.0.0.1:{member.port}"


def _is_primary(member: Mongod) -> bool:
    try:
        with member.client(timeoutMS=1000) as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])
    except PyMongoError:
        return False
