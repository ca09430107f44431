"""Commands that parts bring: shown without an import, imported when used."""

import sys
from pathlib import Path

import pytest

from gateway import cli
from gateway.cli.commands import help_lines
from gateway.parts import PARTS, PartLine

MODULE = "part_of_a_test"
COUNTING = PartLine("counting", MODULE, commands={"count": "count up to a number"})
SOURCE = """
class Count:
    def add_arguments(self, parser):
        parser.add_argument("number", type=int)

    def execute(self, options):
        print(*range(1, options.number + 1))
        return 0

COMMANDS = {"count": Count()}
"""


@pytest.fixture(autouse=True)
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{MODULE}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)


def test_help_shows_the_command_and_does_not_import_the_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"], [COUNTING])
    assert ended.value.code == 0
    assert "count count up to a number" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["completion", "bash"], [COUNTING]) == 0
    assert " count" in capsys.readouterr().out
    assert MODULE not in sys.modules


def test_a_command_that_is_used_comes_from_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["count", "3"], [COUNTING]) == 0
    assert capsys.readouterr().out == "1 2 3\n"
    with pytest.raises(SystemExit) as ended:
        cli.main(["count", "many"], [COUNTING])
    assert ended.value.code == 2
    assert "usage: gateway count" in capsys.readouterr().err


def test_no_two_commands_have_the_same_name() -> None:
    total = len(cli.COMMANDS) + sum(len(part.commands) for part in PARTS)
    assert len(help_lines(PARTS)) == total
