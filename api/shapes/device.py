"""A device as a document."""

from api.times import format_ms
from arduino_iface.arguments import json_schema
from gateway.model.registry import DeviceHealth, DeviceView


def is_stale(view: DeviceView, now_mono: float) -> bool:
    """Whether the last valid exchange is too long ago, or never was."""
    seen = view.last_seen_mono
    return seen is None or now_mono - seen > view.stale_after_s


def device_document(view: DeviceView, now_mono: float) -> dict[str, object]:
    """One device; `now_mono` is of the clock that stamped the view."""
    schema = view.schema
    channels = schema.channels if schema else ()
    commands = schema.commands if schema else ()
    return {
        "id": view.id,
        "name": view.name or view.id,
        "bus": view.bus,
        "address": view.address,
        "driver": view.driver,
        "uid": view.uid,
        "boot": view.boot,
        "firmware": (schema.firmware or None) if schema else None,
        "state": view.state.value,
        "detail": view.detail,
        "last_seen": None if view.last_seen_ms is None else format_ms(view.last_seen_ms),
        "stale": is_stale(view, now_mono),
        "interval_s": view.interval_s,
        "simulated": view.simulated,
        "metadata": dict(view.metadata),
        "channels": [
            {"name": channel.name, "unit": channel.unit, "type": channel.type.word}
            for channel in channels
        ],
        "commands": [
            {"name": command.name, "arguments": json_schema(command)} for command in commands
        ],
        "health": _health_document(view.health),
    }


def _health_document(health: DeviceHealth) -> dict[str, object]:
    return {
        "polls": health.polls,
        "missed": health.missed,
        "retries": health.retries,
        "crc_errors": health.crc_errors,
        "resets": health.resets,
        "lost": health.lost,
        "latency_ms": {"p50": health.latency_ms_p50, "p99": health.latency_ms_p99},
    }
