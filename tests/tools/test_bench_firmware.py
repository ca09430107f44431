"""The figures of the firmware: a short measurement over both wires, and nothing wrong accepted."""

import pytest

from tools.bench.firmware import accepted_of_corrupted, main


@pytest.mark.long
def test_both_wires_side_by_side(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "0.5", "--frames", "200"]) == 0
    lines = dict(line.split("  ", 1) for line in capfd.readouterr().out.splitlines())
    assert [cell.strip() for cell in lines["wrong values accepted"].split("|")] == ["0", "0"]
    assert [cell.split(",")[0].strip() for cell in lines["wire"].split("|")] == ["UART", "I2C"]
    assert all(float(cell) > 0 for cell in lines["polls per second"].split("|"))
    assert lines["corrupted frames, Python"].strip() == "0 accepted of 200"
    assert "0 accepted of 400000" in lines["corrupted frames, C++"]
    assert "bytes of flash" in lines["example Hello"]


def test_a_corrupted_frame_is_not_accepted() -> None:
    assert accepted_of_corrupted(2000, seed=3) == 0
