"""The library's pure C++, compiled for this computer, against the golden frames."""

import subprocess

from tests.support.avr import ROOT


def test_the_pure_part_of_the_library() -> None:
    done = subprocess.run(
        ["make", "-s", "-C", str(ROOT / "tests/firmware/native"), "check"],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failures" in done.stdout
