import json
import re

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
