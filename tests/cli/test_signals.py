"""Real processes: how the gateway starts and how it stops when asked."""

import signal
import time
from pathlib import Path

import pytest

from gateway.journal.reader import JournalReader
from tests.support.boards import BoardCounts, BoardsProcess
from tests.support.gateway import STOP_DEADLINE_S, GatewayProcess


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_in_order_and_has_stored_what_it_acknowledged(
    tmp_path: Path, number: signal.Signals
) -> None:
    with (
        BoardsProcess(tmp_path / "boards", 3, interval_s=0.02) as boards,
        GatewayProcess(tmp_path / "gateway", config=boards.config()) as gateway,
    ):
        reader = JournalReader(gateway.journal)

        def stored(device: str) -> set[str]:
            rows = reader.readings(device, limit=10_000).readings
            return {one.key for one in rows}

        for name in boards.names:
            gateway.until(lambda name=name: len(stored(name)) > 50, f"{name} is stored")  # type: ignore[misc]
        # A board learns with the next POLL that its samples are stored.
        gateway.until(
            lambda: all(_acknowledged(told) > 0 for told in boards.counts().values()),
            "every board has been told",
        )
        began = time.monotonic()
        gateway.process.send(number)
        assert gateway.process.wait(STOP_DEADLINE_S) == 0
        assert time.monotonic() - began < STOP_DEADLINE_S
        for name, told in boards.stop().items():
            acknowledged = _acknowledged(told)
            assert told.boot == 1
            assert acknowledged > 0
            keys = {f"{told.uid}-1-{seq}" for seq in range(1, acknowledged + 1)}
            assert keys <= stored(name)
            assert len(stored(name)) <= told.made
        reader.close()
        log = (tmp_path / "gateway" / "logs" / "gateway.log").read_text()
        assert f"stopping: {number.name}" in log
        assert "ERROR" not in log
        assert "Traceback" not in gateway.process.output()


def _acknowledged(told: BoardCounts) -> int:
    """How many samples the board has dropped because the gateway said that they are stored."""
    return told.made - told.overwritten - told.held
