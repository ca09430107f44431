"""A reading as a document."""

from api.shapes.device import is_stale
from api.times import format_ms
from gateway.model.reading import StoredReading
from gateway.model.registry import DeviceView


def reading_document(stored: StoredReading) -> dict[str, object]:
    """One stored reading."""
    reading = stored.reading
    return {
        "key": stored.key,
        "device": reading.device,
        "time": format_ms(reading.time_ms),
        "seq": reading.seq,
        "boot": reading.boot,
        "values": dict(reading.values),
        "quality": reading.quality.value,
        "simulated": reading.simulated,
    }


def latest_document(
    stored: StoredReading, device: DeviceView | None, now_ms: int, now_mono: float
) -> dict[str, object]:
    """A newest reading with its age.

    It is stale when it is old for its device, when the device has fallen silent (on the clock that is
    never set), when it comes from the future because the wall clock went back, or when nobody knows the
    device any more.
    """
    age_s = (now_ms - stored.reading.time_ms) / 1000
    stale = device is None or abs(age_s) > device.stale_after_s or is_stale(device, now_mono)
    return {**reading_document(stored), "age_s": age_s, "stale": stale}
