"""What the devices measured: history, windows, exports, the newest of each."""

from api.resources.readings.routes import resource

__all__ = ["resource"]
