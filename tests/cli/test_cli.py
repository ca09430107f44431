"""The command line: help, usage, configuration errors, `check`. In this process; nothing is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway import __version__
from gateway.cli import main

UNSET = ("MONGO_URI", "MONGOURI", "GATEWAY_MQTT_URL", "STATE_DIRECTORY", "CONFIGURATION_DIRECTORY")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOGS_DIRECTORY", str(tmp_path / "logs"))
    return tmp_path


def usage(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert usage("--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "run collect, deliver" in said
    assert "check validate" in said
    assert "gateway run --no_i2c" in said


@pytest.mark.parametrize("command", ["run", "check"])
def test_help_of_a_command_names_every_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert usage(command, "--help") == 0
    said = capsys.readouterr().out
    for option in ("no_i2c", "no-i2c", "config", "env-file", "host", "port", "log-level"):
        assert f"--{option}" in said


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert usage("--version") == 0
    assert capsys.readouterr().out == f"gateway {__version__}\n"


def test_python_m_gateway_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "--version"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"gateway {__version__}\n")


@pytest.mark.parametrize(
    "arguments", [["--wrong"], ["run", "--wrong"], ["dance"], ["check", "--port", "many"]]
)
def test_wrong_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert usage(*arguments) == 2
    assert "usage: gateway" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_configuration_is_named_by_file_and_line(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gateway.toml").write_text('[journal]\npath = "j.db"\nkep = "7d"\n')
    assert main([command]) == 78
    said = capsys.readouterr()
    assert "gateway.toml:3" in said.err
    assert "kep" in said.err
    assert "keep" in said.err
    assert "Traceback" not in said.err
    assert not (folder / "state").exists()


def test_a_file_that_is_not_there_is_a_configuration_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--config", "missing.toml"]) == 78
    assert "missing.toml" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_database_address_that_cannot_be_one_is_a_configuration_error(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text("MONGO_URI=http://anna:secret@there/\n")
    assert main([command, "--no_i2c"]) == 78
    said = capsys.readouterr()
    assert "MONGO_URI" in said.err
    assert "secret" not in said.err + said.out


def test_check_prints_what_the_configuration_amounts_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gateway.toml").write_text('[gateway]\nid = "pi-attic"\n')
    (folder / ".env").write_text("MONGO_URI=mongodb://anna:secret@there:27017/\n")
    assert main(["check", "--config-only", "--port", "9000"]) == 0
    said = capsys.readouterr().out
    facts = dict(line.split("  ", 1) for line in said.splitlines() if "  " in line)
    assert facts["gateway"].strip() == "pi-attic"
    assert facts["api"].strip() == "127.0.0.1:9000"
    assert facts["simulated"].strip() == "no"
    assert "there:27017" in said
    assert "secret" not in said
    assert said.endswith("the configuration is valid\n")
    assert not (folder / "state").exists()


def test_check_says_what_has_no_effect(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".env").write_text("GATEWAY_MQTT_URL=mqtt://anna:secret@there\n")
    assert main(["check", "--config-only"]) == 0
    said = capsys.readouterr().out
    assert "note: GATEWAY_MQTT_URL has no effect in this version\n" in said
    assert "secret" not in said
