"""The log, and how much is written to it."""

from api.resources.logs.routes import resource

__all__ = ["resource"]
