"""The commands of the terminal, on a journal and on a running gateway."""

import csv
import io
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gateway import cli
from gateway.cli import terminal
from gateway.cli.export import time_ms
from gateway.cli.terminal import age, plain, table, wants_colours
from gateway.journal import DeadLetter, Journal
from tests.journal.records import T0, line, samples
from tests.support.clock import FakeClock
from tests.support.gateway import GatewayProcess
from tests.support.process import DEADLINE_S, ROOT

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Readings of two devices with different channels, and one dead letter; no gateway runs."""
    path = tmp_path / "journal.db"
    clock = FakeClock()
    journal = Journal(path, clock=clock)
    journal.open()
    with closing(journal):
        journal.register("mongo", {"reading"})
        journal.append([*samples(1, 2500), line(T0 + 500)])
        journal.step(clock.monotonic())
        journal.dead_letter("mongo", [DeadLetter(1, "k", "too large")])
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_csv_has_a_column_for_every_channel(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.csv"
    assert run(capsys, "export", "--journal", str(journal), "-o", str(target)) == (0, "", "")
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2501
    assert rows[0] == {
        "time": "2023-11-14T22:13:20.500Z",
        "device": "scale",
        "key": rows[0]["key"],
        "quality": "good",
        "simulated": "false",
        "weight": "1.5",
        "temperature": "",
        "door": "",
        "open": "",
    }
    assert rows[1]["temperature"] == "20.1"
    assert rows[1]["open"] == "true"
    assert not target.with_name("out.csv.part").exists()


def test_json_lines_of_one_device_in_a_time(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--format", "jsonl", "--device", "greenhouse", "--journal", str(journal)]
    since, until = "2023-11-14T22:13:25Z", "2023-11-14T23:13:28+01:00"
    code, out, _ = run(capsys, "export", *words, "--since", since, "--until", until)
    found = [json.loads(text) for text in out.splitlines()]
    assert code == 0
    assert [one["values"]["temperature"] for one in found] == [20.5, 20.6, 20.7]
    assert found[0]["values"]["door"] is None
    assert found[0]["metadata"] == {"room": "A"}


def test_parquet_has_types(journal: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    words = ["export", "--format", "parquet", "--journal", str(journal), "-o", str(target)]
    assert cli.main(words) == 0
    found = pq.read_table(target)
    assert found.num_rows == 2501
    types = {field.name: str(field.type) for field in found.schema}
    assert types["time"] == "timestamp[ms, tz=UTC]"
    assert types["value.temperature"] == "double"
    assert types["value.open"] == "bool"
    assert types["value.door"] == "string"
    assert found.slice(1, 1).to_pylist()[0]["value.temperature"] == 20.1


def test_parquet_needs_a_file(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "export", "--format", "parquet", "--journal", str(journal))
    assert code == 1
    assert "-o" in err


def test_a_reader_that_has_had_enough_is_no_trouble(journal: Path) -> None:
    command = f"{sys.executable} -m gateway export --journal {journal} | head -1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("time,device")
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["export", "journal state"])
def test_a_missing_journal_is_told(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *command.split(), "--journal", str(tmp_path / "none.db"))
    assert (code, out) == (1, "")
    assert "none.db: No such file" in err
    assert list(tmp_path.iterdir()) == []


def test_the_state_of_the_journal(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "journal", "state", "--json", "--journal", str(journal))
    assert code == 0
    found = json.loads(out)
    assert found["readings"] == 2501
    assert found["sinks"] == {"mongo": {"lag_rows": 2501, "dead_letters": 1}}
    code, out, _ = run(capsys, "journal", "state", "--journal", str(journal))
    assert "sink mongo  2501 to deliver, 1 dead letter\n" in out


def test_the_journal_is_verified(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "journal", "verify", "--journal", str(journal))[:2] == (
        0,
        f"{journal} is intact\n",
    )


def test_dead_letters_are_listed_and_retried(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--journal", str(journal)]
    _, out, _ = run(capsys, "journal", "dead-letters", "list", "--json", *where)
    assert json.loads(out)["reason"] == "too large"
    assert run(capsys, "journal", "dead-letters", "retry", *where)[1].startswith("1 reading will")
    _, out, _ = run(capsys, "journal", "dead-letters", "list", *where)
    assert out == "SINK  AT  DEVICE  KEY  REASON\n"
    assert run(capsys, "journal", "dead-letters", "drop", *where)[1].startswith(
        "0 dead letters were"
    )


def test_devices_and_readings_of_a_running_gateway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        url = ["--url", f"http://127.0.0.1:{gateway.port}"]
        gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all are online")
        gateway.until(
            lambda: len(gateway.get("/api/v1/readings/latest")["readings"]) == 4,
            "all have readings",
        )
        code, out, _ = run(capsys, "devices", *url)
        assert code == 0
        assert sorted(text.split()[0] for text in out.splitlines()[1:]) == [
            "greenhouse",
            "laboratory",
            "vehicle",
            "workshop",
        ]
        assert out.count("online") == 4
        assert json.loads(run(capsys, "devices", "--json", *url)[1])[0]["id"]
        code, out, _ = run(capsys, "watch", "--once", *url)
        assert code == 0
        assert "temperature=" in out
        path = str(gateway.journal)
        assert run(capsys, "journal", "verify", "--journal", path)[0] == 0
        code, _, err = run(capsys, "journal", "dead-letters", "drop", "--journal", path)
        assert code == 1
        assert f"process {gateway.process.pid}" in err


def test_watch_gives_the_terminal_back_on_ctrl_c(tmp_path: Path) -> None:
    master, slave = os.openpty()
    with GatewayProcess(tmp_path, "--no_i2c") as gateway, open(master, "rb", buffering=0) as screen:
        url = f"http://127.0.0.1:{gateway.port}"
        watch = subprocess.Popen(
            [sys.executable, "-m", "gateway", "watch", "--url", url, "--interval", "0.1"],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        try:
            seen = until(screen, b"greenhouse")
            assert seen.startswith(ENTER)
            watch.send_signal(signal.SIGINT)
            assert until(screen, LEAVE).endswith(LEAVE)
            assert watch.wait(DEADLINE_S) == 0
        finally:
            watch.kill()
            watch.wait()


def until(screen: io.FileIO, wanted: bytes) -> bytes:
    """Everything that comes up to `wanted`."""
    seen = b""
    while wanted not in seen:
        assert select.select([screen], [], [], DEADLINE_S)[0], f"no {wanted!r} in {seen!r}"
        seen += screen.read(4096)
    return seen


@pytest.mark.parametrize("command", ["devices", "watch"])
def test_no_gateway_is_told(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, command, "--url", "http://127.0.0.1:9")
    assert code == 1
    assert "no gateway answers at http://127.0.0.1:9" in err
    code, _, err = run(capsys, command, "--url", "127.0.0.1")
    assert code == 1
    assert "is not a URL" in err


@pytest.mark.parametrize("words", [[], ["service"], ["journal"], ["journal", "dead-letters"]])
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    assert ended.value.code == 0
    assert "usage: gateway" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["export", "--since", "yesterday"], ["watch", "--interval", "0"], ["journal"]],
)
def test_wrong_usage_is_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("gateway ser", "service"),
        ("gateway service un", "uninstall"),
        ("gateway export --form", "--format"),
        ("gateway journal dead-letters re", "retry"),
        ("gateway check --conf", "--config --config-only"),
        ("gateway check --config gateway.ex", "gateway.example.toml"),
        ("gateway keys create --scope com", "command"),
    ],
)
def test_the_shell_completes(typed: str, wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, script, _ = run(capsys, "completion", "bash")
    function = script.rpartition(" -F ")[2].split()[0]
    words = " ".join(f"'{word}'" for word in typed.split())
    asked = f'COMP_WORDS=({words}); COMP_CWORD={len(typed.split()) - 1}; {function}; echo "${{COMPREPLY[*]}}"'
    done = subprocess.run(
        ["bash", "-c", script + asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == wanted.split()


def test_zsh_has_a_completion_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    code, script, _ = run(capsys, "completion", "zsh")
    assert code == 0
    assert script.startswith("#compdef gateway\n")
    assert "uninstall" in script


def test_a_date_alone_is_midnight_utc() -> None:
    assert time_ms("2023-11-14") == 1_699_920_000_000


def test_tables_show_nothing_that_a_terminal_would_obey() -> None:
    lines = table(["a", "b"], [["\x1b[31mx", None], [True, 1.23456789]])
    assert lines == ["A       B", "?[31mx  -", "yes     1.23457"]
    assert table(["state"], [["online"]], colours=True)[1] == f"\x1b[32monline{terminal.RESET}"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (0.25, "0.2 s"),
        (99.94, "99.9 s"),
        (120, "2 min"),
        (7200, "2 h"),
        (200000, "2 d"),
    ],
)
def test_ages(seconds: float | None, shown: str) -> None:
    assert age(seconds) == shown


def test_plain_and_colours() -> None:
    assert plain(None) == "-"
    assert not wants_colours(sys.__stdin__, {"NO_COLOR": "1"})  # type: ignore[arg-type]
