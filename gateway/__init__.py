"""The gateway daemon: collects readings, journals and delivers them, and runs commands."""

__version__ = "0.1.0"
