"""The primary of a replica set is killed: another takes over, and nothing is lost or twice."""

from pathlib import Path

from tests.faults.replica_set import ReplicaSet
from tests.faults.waiting import healthy_counts
from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess

CONFIG = '[journal]\ncommit_interval = "100ms"\n'


def test_a_killed_primary_costs_nothing(tmp_path: Path) -> None:
    with (
        ReplicaSet(tmp_path) as servers,
        BoardsProcess(tmp_path, 3, interval_s=0.02, ring=4096) as boards,
        GatewayProcess(tmp_path, config=CONFIG + boards.config(), mongo_uri=servers.uri) as gateway,
    ):

        def stored() -> int:
            with servers.client() as client:
                return client.gateway.readings.count_documents({})

        gateway.until(lambda: stored() > 50, "readings", 60)
        for _ in range(2):
            killed = servers.primary()
            killed.kill()
            before = stored()
            gateway.until(lambda before=before: stored() > before, "the next primary", 90)  # type: ignore[misc]
            killed.start()
        counts = healthy_counts(gateway, boards)
        made = sum(one.made for one in counts.values())
        gateway.until(lambda: stored() >= made, "all of it", 90)
        with servers.client() as client:
            keys = {one["_id"] for one in client.gateway.readings.find({}, {"_id": 1})}
    assert keys == set().union(*(one.keys() for one in counts.values()))
    assert all(one.overwritten == 0 for one in counts.values())
