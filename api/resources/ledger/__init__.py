"""The account of every sample."""

from api.resources.ledger.routes import resource

__all__ = ["resource"]
