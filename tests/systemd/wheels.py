"""The wheel under test, and others made from it: later ones, broken ones, ones of another time."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.process import ROOT

Changes = Mapping[str, tuple[str, str]]
"""Member of the wheel -> a text in it, and what stands there instead."""


def built() -> Path:
    """What `make wheel` has built."""
    found = list((ROOT / "dist").glob("arduino_gateway-*-py3-none-any.whl"))
    assert len(found) == 1, f"one wheel is needed in dist, not {len(found)}; type: make wheel"
    return found[0]


def variant(folder: Path, version: str, changes: Changes) -> Path:
    """The same wheel with another version number and some texts changed."""
    source = built()
    before = source.name.split("-")[1]
    target = folder / f"arduino_gateway-{version}-py3-none-any.whl"
    open_changes = dict(changes)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name in open_changes:
                text, instead = open_changes.pop(name)
                assert text in content.decode(), f"{name} does not contain {text!r}"
                content = content.decode().replace(text, instead).encode()
            elif name == "gateway/__init__.py" or name.endswith(".dist-info/METADATA"):
                content = content.decode().replace(before, version).encode()
            elif name.endswith(".dist-info/RECORD"):
                # With the hashes of the other wheel it would be wrong; pip can do without.
                lines = [line.split(",")[0] + ",," for line in content.decode().splitlines()]
                content = "\n".join(lines).replace(before, version).encode() + b"\n"
            new.writestr(name.replace(f"-{before}.dist-info", f"-{version}.dist-info"), content)
    assert not open_changes, f"not in the wheel: {list(open_changes)}"
    return target
