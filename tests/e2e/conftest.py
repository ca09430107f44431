from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest

from tests.support.mongod import Mongod

Database = pymongo.database.Database[dict[str, Any]]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A server for the tests that do not stop it."""
    with Mongod(tmp_path_factory.mktemp("mongod")) as server:
        yield server


@pytest.fixture
def database(shared_server: Mongod) -> Iterator[Database]:
    """The gateway's database there, empty."""
    with shared_server.client() as client:
        client.drop_database("gateway")
        yield client.gateway


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Mongod]:
    """A server for one test alone, which may kill it."""
    with Mongod(tmp_path / "mongod") as server:
        yield server
