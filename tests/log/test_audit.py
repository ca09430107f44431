import json
import os
import re
import threading
from pathlib import Path

from gateway.log.system import AUDIT_MAX
from gateway.model.command import CommandRecord, CommandState
from tests.log.conftest import Begin


def _record(**more: object) -> CommandRecord:
    values = {"speed": 128, "note": "hunter22", "odd": float("inf")}
    return CommandRecord(
        "c1",
        "greenhouse",
        "fan",
        values,
        CommandState.DONE,
        1_763_622_000_123,
        actor="web",
        **more,  # type: ignore[arg-type]
    )


def test_a_command_is_one_line_of_json(begin: Begin) -> None:
    logged = begin({"secrets": ["hunter22"]})
    logged.system.audit.write(
        _record(finished_at_ms=1_763_622_000_130, duration_ms=7.4, result=None), client="127.0.0.1"
    )
    (line,) = logged.lines("commands.log")
    found = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("time"))
    assert found == {
        "id": "c1",
        "device": "greenhouse",
        "name": "fan",
        "state": "done",
        "result": None,
        "arguments": {"speed": 128, "note": "***", "odd": "inf"},
        "requested_at": "2025-11-20T07:00:00.123Z",
        "finished_at": "2025-11-20T07:00:00.130Z",
        "duration_ms": 7.4,
        "detail": None,
        "actor": "web",
        "client": "127.0.0.1",
        "idempotency_key": None,
    }
    assert logged.console.getvalue() == ""


def test_the_audit_trail_rotates_and_holds_nothing_but_records(begin: Begin) -> None:
    logged = begin(max_bytes=1500, backups=1)
    for _ in range(20):
        logged.system.audit.write(_record())
    logged.lines("commands.log")
    for path in logged.folder.glob("commands.log*"):
        assert all(json.loads(line)["id"] == "c1" for line in path.read_text().splitlines())
    assert (logged.folder / "commands.log.1").exists()


def test_a_flood_of_commands_is_dropped_counted_and_logged(begin: Begin, tmp_path: Path) -> None:
    fifo = tmp_path / "logs" / "commands.log"
    fifo.parent.mkdir()
    os.mkfifo(fifo)
    # A reader that does not read: the writer is held up as by a very slow disk.
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    logged = begin()
    for _ in range(2 * AUDIT_MAX):
        logged.system.audit.write(_record())
    dropped = logged.system.stats.dropped
    assert dropped > 0
    logged.logger.info("not held up")
    assert not logged.system.flush(0.2)
    assert " main not held up\n" in logged.console.getvalue()
    fifo.unlink()  # the next line goes to a new file
    os.set_blocking(reader, True)
    drain = threading.Thread(target=_drain, args=(reader,))
    drain.start()
    assert logged.system.flush()
    assert logged.system.flush()  # what the first one reported
    assert logged.system.stop()
    drain.join()
    os.close(reader)
    said = [line for line in logged.console.getvalue().splitlines() if "were dropped" in line]
    assert sum(int(line.split()[3]) for line in said) == dropped
    assert all("WARNING audit" in line for line in said)
    assert logged.system.stats.unwritten == 0


def _drain(reader: int) -> None:
    while os.read(reader, 65536):
        pass
