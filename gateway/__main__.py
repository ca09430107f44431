"""`python -m gateway` is the program `gateway`.

So is `python3 WHEEL/gateway`, before anything is installed.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 # from a wheel, no installer has looked at it
    sys.exit(f"error: the gateway needs Python 3.11 or later, and this is {sys.version.split()[0]}")

if not __package__:
    # Started as a path: Python has put this folder in front, where our modules would hide others.
    sys.path[0] = str(Path(sys.path[0]).parent)

from gateway.cli import main

sys.exit(main())
