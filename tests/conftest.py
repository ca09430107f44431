"""Settings of the property tests, and the MongoDB server that a worker's tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.mongod import Database, Mongod

# A busy machine makes an example slow, not wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A run that was started in the background ignores SIGINT, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


# What waits for processes, longest first: taken in this order, files that take long do not come last.
SLOW = (
    *("e2e_firmware", "browser", "e2e", "faults", "firmware", "simulation", "delivery", "tools"),
    *("client", "wot", "discovery", "cli", "api"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give a run with several workers its order; alone, the quick tests of `api` come first as written."""
    if hasattr(config, "workerinput"):
        rank = {name: place for place, name in enumerate(SLOW)}
        folder = Path(__file__).parent
        items.sort(key=lambda item: rank.get(item.path.relative_to(folder).parts[0], len(SLOW)))


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A server for the tests that do not stop it; each worker has one."""
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
    """A server for one test alone, which may kill or freeze it."""
    with Mongod(tmp_path / "mongod") as server:
        yield server
