"""Simulated boards, only with --no_i2c."""

from api.resources.dummy.routes import resource

__all__ = ["resource"]
