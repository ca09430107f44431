import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest

from tests.delivery.mongo_sink import MongoSink
from tests.support.mongod import Mongod

Database = pymongo.database.Database[dict[str, Any]]
SinkTo = Callable[[str], MongoSink]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A server for the tests that do not stop it; each begins with an empty database."""
    with Mongod(tmp_path_factory.mktemp("mongod")) as server:
        yield server


@pytest.fixture
def database(shared_server: Mongod) -> Iterator[Database]:
    with shared_server.client() as client:
        client.drop_database("gateway")
        yield client.gateway


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Mongod]:
    """A server for one test alone, which may kill or freeze it."""
    with Mongod(tmp_path / "mongod") as server:
        yield server


@pytest.fixture
def sink_to() -> Iterator[SinkTo]:
    """Make sinks, which are closed at the end however the test ended."""
    with contextlib.ExitStack() as stack:

        def make(uri: str) -> MongoSink:
            sink = MongoSink(uri, "gateway", "pi-test")
            stack.callback(sink.close)
            return sink

        yield make


@pytest.fixture
def sink(shared_server: Mongod, database: Database, sink_to: SinkTo) -> MongoSink:
    return sink_to(shared_server.uri)
