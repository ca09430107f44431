"""The golden frames for Python: `frames.json` as it is, and its parts as pytest parameters."""

import json
from pathlib import Path
from typing import Any

import pytest

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "frames.json").read_text(encoding="utf-8")
)


def named(part: str) -> list[Any]:
    """The items of a part, each a parameter that carries its own name."""
    return [pytest.param(one, id=one["name"]) for one in GOLDEN[part]]
