"""Where Web of Things clients begin."""

from api.resources.directory.routes import resource

__all__ = ["resource"]
