import base64
import hashlib
import json

import pytest

import hatch_build


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_only_what_has_the_checksum_is_taken() -> None:
    hatch_build.check("uplot", b"the package", integrity(b"the package"))
    with pytest.raises(hatch_build.VendorError, match="checksum"):
        hatch_build.check("uplot", b"another package", integrity(b"the package"))


def test_every_entry_names_a_version_a_checksum_and_its_licence() -> None:
    entries = json.loads((hatch_build.ROOT / "vendor.json").read_text("utf-8"))
    for entry in entries.values():
        assert entry["version"][0].isdigit()
        algorithm, _, digest = entry["integrity"].partition("-")
        assert algorithm == "sha512"
        assert len(base64.b64decode(digest)) == 64
        assert "LICENSE" in entry["files"]


def test_without_npm_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(hatch_build, "FOLDER", hatch_build.ROOT / "no-such-folder")
    with pytest.raises(hatch_build.VendorError, match=r"npm.*GATEWAY_NO_VENDOR=1"):
        hatch_build.fetch()
