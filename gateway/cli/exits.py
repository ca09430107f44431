"""The exit codes, which scripts and systemd rely on. 2, for usage, is argparse's."""

EXIT_STOPPED = 0
EXIT_OTHER = 1
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: systemd must not restart the gateway until the configuration has changed."""
