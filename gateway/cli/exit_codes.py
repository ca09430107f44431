"""With what the program ends; 2 is argparse's, for wrong usage."""

EXIT_STOPPED = 0
EXIT_OTHER = 1
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: systemd must not start the gateway again before something was changed."""
