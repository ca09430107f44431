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

DEVICE_CHANGE: dict[str, Any] = {"name": "Greenhouse A", "metadata": {"room": "A"}}

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

SESSION_REQUEST: dict[str, Any] = {"key": "gwk_the-rest-of-the-key"}

SESSION: dict[str, Any] = {
    "name": "dashboard",
    "scope": "command",
    "expires_at": "2026-11-20T19:00:00.123Z",
}

LOG_LINE: dict[str, Any] = {
    "time": "2026-11-20T07:00:00.123Z",
    "level": "WARNING",
    "thread": "collection",
    "logger": "gateway.collection.poller",
    "message": "device does not answer: no valid reply",
    "extra": {"device": "greenhouse", "bus": "i2c1"},
    "exception": None,
}

DUMMY_CHANGE: dict[str, Any] = {
    "signals": {"temperature": {"kind": "sine", "mean": 30, "amplitude": 5, "period_s": 60}},
    "faults": {"script": ["corrupt", None, "drop_reply"]},
}

DUMMY: dict[str, Any] = {
    "id": "greenhouse",
    "powered": True,
    "hanging": False,
    "uid": "0011223344556677",
    "boot": 5,
    "interval_ms": 1000,
    "samples_made": 42,
    "held": 1,
    "acknowledged": 41,
    "overwritten": 0,
    "lost_at_reset": 0,
    "resets": 0,
    "bad_frames": 0,
    "executed": {"fan": 1},
    "outputs": {"fan.speed": 128},
    "faults": {"waiting": 3, "happened": {"corrupt": 1}},
}

QUEUED: dict[str, Any] = {
    **COMMAND,
    "state": "queued",
    "finished_at": None,
    "duration_ms": None,
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

EVENT_STREAM = (
    "retry: 2000\nid: 2d690160a6c39acd.41.7.5e1f09ab.4\n\n"
    "id: 2d690160a6c39acd.42.7.5e1f09ab.4\nevent: reading\n"
    'data: {"key":"0011223344556677-5-42","device":"greenhouse",'
    '"time":"2026-11-20T07:00:00.123Z","seq":42,"boot":5,'
    '"values":{"temperature":21.5,"humidity":null},"quality":"partial","simulated":false}\n\n'
    ": heartbeat\n\n"
)

READING_LIST: dict[str, Any] = {"readings": [READING], "next": None, "complete": True}

WINDOW_LIST: dict[str, Any] = {
    "windows": [
        {
            "time": "2026-11-20T07:00:00.000Z",
            "values": {"temperature": {"mean": 21.48, "count": 60}},
        }
    ],
    "every_s": 60.0,
    "next": None,
    "complete": True,
}

CSV = (
    "time,key,quality,temperature,humidity\r\n"
    "2026-11-20T07:00:00.123Z,0011223344556677-5-42,partial,21.5,\r\n"
)

SENML: list[dict[str, Any]] = [
    {"bn": "greenhouse/", "bt": 1795158000.123, "n": "temperature", "u": "Cel", "v": 21.5}
]

PROPERTY_STREAM = "id: 2d690160a6c39acd.42.7.5e1f09ab.4\ndata: 21.5\n\n"

THING: dict[str, Any] = {
    "@context": ["https://www.w3.org/2022/wot/td/v1.1", {"@language": "en"}],
    "@type": "Thing",
    "id": "urn:uuid:0e4e9d3c-7c1c-5d0e-8f67-0a54a4c0a0f1",
    "title": "greenhouse",
    "securityDefinitions": {"open": {"scheme": "nosec"}},
    "security": "open",
    "base": "http://localhost:8080/api/v1/devices/greenhouse/",
    "properties": {
        "temperature": {
            "oneOf": [{"type": "number"}, {"type": "null"}],
            "unit": "Cel",
            "readOnly": True,
            "observable": True,
            "forms": [{"href": "properties/temperature", "op": "readproperty"}],
        }
    },
}

DIRECTORY: dict[str, Any] = {
    "@context": ["https://www.w3.org/2022/wot/td/v1.1", "https://www.w3.org/2022/wot/discovery"],
    "@type": "ThingDirectory",
    "title": "Arduinos of pi-greenhouse",
    "securityDefinitions": {"open": {"scheme": "nosec"}},
    "security": "open",
    "links": [{"rel": "item", "href": "api/v1/things/greenhouse", "type": "application/td+json"}],
}
