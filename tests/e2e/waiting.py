"""What these tests wait for, in the words of the contract."""

from tests.support.boards import BoardCounts, BoardsProcess
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Database


def latest(gateway: GatewayProcess) -> dict[str, dict[str, object]]:
    """The newest reading of each device, by device."""
    readings = gateway.get("/api/v1/readings/latest")["readings"]
    return {one["device"]: one for one in readings}


def until_all_measure(gateway: GatewayProcess, devices: list[str]) -> None:
    """Wait for a first reading of every device."""
    gateway.until(lambda: set(latest(gateway)) >= set(devices), "readings of all devices")


def until_all_are(gateway: GatewayProcess, *states: str) -> None:
    """Wait until every device is in one of these states."""
    gateway.until(
        lambda: all(state in states for state in gateway.states().values()), f"all are {states}"
    )


def until_stored(gateway: GatewayProcess, database: Database, count: int) -> None:
    """Wait until that many readings are in MongoDB."""
    gateway.until(
        lambda: database.readings.count_documents({}) >= count, f"{count} readings in MongoDB"
    )


def drain(
    gateway: GatewayProcess, boards: BoardsProcess, database: Database
) -> dict[str, BoardCounts]:
    """Let the boards stop sampling and wait until MongoDB has what they made and they hold nothing."""
    boards.freeze()
    made = sum(one.made - one.overwritten for one in boards.counts().values())
    until_stored(gateway, database, made)
    gateway.until(
        lambda: all(one.held == 0 for one in boards.counts().values()), "the boards hold nothing"
    )
    return boards.counts()


def keys_made(counts: dict[str, BoardCounts]) -> set[str]:
    """Keys of all samples that the boards have made in their present boots."""
    return set().union(*(one.keys() for one in counts.values()))


def keys_stored(database: Database) -> list[str]:
    """Keys of all readings in MongoDB."""
    return [document["_id"] for document in database.readings.find({}, {"_id": 1})]
