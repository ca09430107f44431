"""What the fetching of test servers decides by itself; that it works, every MongoDB test shows."""

from pathlib import Path

import pytest

from tools.testservers import cache
from tools.testservers.libssl import debian_mirrors


def test_mirrors_are_read_from_both_kinds_of_source_file_and_only_debians(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "debian.sources").write_text(
        "Types: deb\n# URIs: mirror://old/debian\nURIs: mirror://one/debian mirror://two/debian/\n\n"
        "Types: deb\nURIs: mirror://one/debian-security\n"
    )
    (folder / "raspi.list").write_text("deb mirror://pi/raspberrypi bookworm main\n")
    (tmp_path / "sources.list").write_text(
        "# deb mirror://off/debian bookworm main\n"
        "deb [ arch=arm64 ] mirror://three/debian bookworm main\n"
        "deb mirror://one/debian bookworm main\n"
    )

    assert debian_mirrors(tmp_path) == [
        "mirror://one/debian",
        "mirror://two/debian/",
        "mirror://three/debian",
    ]


def test_a_machine_without_apt_has_no_mirrors(tmp_path: Path) -> None:
    assert debian_mirrors(tmp_path) == []


def test_the_cache_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAY_TEST_CACHE", str(tmp_path))
    assert cache.cache_folder("mongod") == tmp_path / "mongod"


def test_a_failing_program_is_quoted_and_a_missing_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(cache.FetchError, match=r"^It failed\.\nits own words$"):
        cache.run(["sh", "-c", "echo its own words >&2; exit 3"], "It failed.")
    with pytest.raises(cache.FetchError, match=r"^It failed\.\n.*/absent: No such file"):
        cache.run([tmp_path / "absent"], "It failed.")
