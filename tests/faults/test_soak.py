"""A few faults on real processes; `python -m tools.soak` does hundreds."""

from pathlib import Path

import pytest

from tools.soak.__main__ import main
from tools.soak.rig import Rig


def test_what_was_made_is_stored_or_known_to_be_overwritten(tmp_path: Path) -> None:
    with Rig(tmp_path, 7, boards=3, interval_s=0.05, ring=48) as rig:
        for name in (
            "mongod killed",
            "gateway killed while starting",
            "mongod frozen",
            "boards silent",
            "mongod killed, then the gateway",
        ):
            rig.inject(name)
        outcome = rig.settle()
    assert sum(outcome.injected.values()) == 5
    assert outcome.made > 100
    assert outcome.sound, outcome


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_faults_lose_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--faults", "60", "--seed", "2026", "--dir", str(tmp_path)])
    assert code == 0, capsys.readouterr().out
