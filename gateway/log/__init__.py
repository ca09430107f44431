"""Log files, console and audit trail, written by threads of their own; and conditions."""

from gateway.log.audit import AuditLog
from gateway.log.condition import Condition
from gateway.log.system import AUDIT_NAME, LOG_NAME, LogStats, LogSystem, set_up

__all__ = [
    "AUDIT_NAME",
    "LOG_NAME",
    "AuditLog",
    "Condition",
    "LogStats",
    "LogSystem",
    "set_up",
]
