"""The devices: list, one, and changes of name and metadata."""

from api.resources.devices.routes import resource

__all__ = ["resource"]
