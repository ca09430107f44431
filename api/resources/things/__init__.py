"""The devices as W3C WoT Things."""

from api.resources.things.routes import resource

__all__ = ["resource"]
