"""What happens, live."""

from api.resources.events.routes import resource

__all__ = ["resource"]
