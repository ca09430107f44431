"""GET /status: the gateway about itself."""

from api.resources.status.routes import resource

__all__ = ["resource"]
