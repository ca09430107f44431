"""Whether the process answers, collects and stores."""

from api.resources.health.routes import resource

__all__ = ["resource"]
