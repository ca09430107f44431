import sys

from gateway.cli import main
from gateway.drivers.table import DRIVERS

DRIVERS["dial"] = "tests.drivers.dial"
sys.exit(main())
