"""The library's pure C++, compiled for this computer, against the golden frames."""

from tests.support.avr import ROOT, make


def test_the_pure_part_of_the_library() -> None:
    output = make("-C", str(ROOT / "tests/firmware/native"), "check")
    assert " 0 failures" in output
