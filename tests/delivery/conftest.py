import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.delivery.mongo_sink import MongoSink
from tests.support.mongod import Database, Mongod

SinkTo = Callable[[str], MongoSink]


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
