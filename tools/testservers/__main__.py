"""Fetch the test servers that are not there yet; exit 1 and say what to do if one cannot be had."""

from __future__ import annotations

import sys

from tools.testservers.cache import FetchError
from tools.testservers.mongod import ensure_mongod


def main() -> int:
    """Return the exit code."""
    try:
        ensure_mongod()
    except FetchError as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
