"""Example documents of the OpenAPI document; the tests check them against the schemas."""

from typing import Any

DEVICE: dict[str, Any] = {
    "id": "greenhouse",
    "name": "greenhouse",
    "bus": "i2c1",
    "address": 18,
    "driver": "protocol",
    "uid": "0011223344556677",
    "boot": 5,
    "firmware": "1.4.0",
    "state": "online",
    "detail": None,
    "last_seen": "2026-11-20T07:00:00.123Z",
    "stale": False,
    "interval_s": 1.0,
    "simulated": False,
    "metadata": {"room": "A"},
    "channels": [{"name": "temperature", "unit": "Cel", "type": "i16"}],
    "commands": [
        {
            "name": "fan",
            "arguments": {
                "type": "object",
                "properties": {"speed": {"type": "integer", "minimum": 0, "maximum": 255}},
                "required": ["speed"],
                "additionalProperties": False,
            },
        }
    ],
    "health": {
        "polls": 86400,
        "missed": 0,
        "retries": 3,
        "crc_errors": 1,
        "resets": 0,
        "lost": 0,
        "latency_ms": {"p50": 2.4, "p99": 7.9},
    },
}

READING: dict[str, Any] = {
    "key": "0011223344556677-5-42",
    "device": "greenhouse",
    "time": "2026-11-20T07:00:00.123Z",
    "seq": 42,
    "boot": 5,
    "values": {"temperature": 21.5, "humidity": None},
    "quality": "partial",
    "simulated": False,
}

COMMAND_REQUEST: dict[str, Any] = {"name": "fan", "arguments": {"speed": 128}}

COMMAND: dict[str, Any] = {
    "id": "01JD3Y6Q8T",
    "device": "greenhouse",
    "name": "fan",
    "arguments": {"speed": 128},
    "state": "done",
    "result": None,
    "detail": None,
    "actor": None,
    "requested_at": "2026-11-20T07:00:00.123Z",
    "finished_at": "2026-11-20T07:00:00.131Z",
    "duration_ms": 7.4,
}

LEDGER_HOUR: dict[str, Any] = {
    "device": "greenhouse",
    "hour": "2026-11-20T07:00:00.000Z",
    "expected": 3600,
    "stored": 3588,
    "lost": {
        "overwritten": 8,
        "device_absent": 4,
        "bus_error": 0,
        "clock_unknown": 0,
        "shed_by_bound": 0,
    },
}

STATUS: dict[str, Any] = {
    "gateway": "pi-greenhouse",
    "version": "0.1.0",
    "uptime_s": 3600.5,
    "simulated": False,
    "clock": {"synchronised": True},
    "workers": [{"name": "collection", "state": "running", "restarts": 0}],
    "journal": {"status": "ok", "rows": 86400},
    "sinks": [{"name": "mongo", "lag": 0}],
    "buses": [{"name": "i2c1", "type": "i2c"}],
}
