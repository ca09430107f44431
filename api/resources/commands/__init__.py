"""Commands to devices, and the audit trail."""

from api.resources.commands.routes import resource

__all__ = ["resource"]
