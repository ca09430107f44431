"""Logging in from a browser."""

from api.resources.session.routes import resource

__all__ = ["resource"]
