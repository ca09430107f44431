"""Where the configuration is looked for, and what goes before what."""

from pathlib import Path

import pytest

from gateway.config import CommandLineOptions, ConfigError, LogFormat
from gateway.config.source import SYSTEM_FOLDER, find_config
from tests.config.support import Start


def test_without_any_file_everything_has_its_default(start: Start) -> None:
    settings = start.load()
    assert settings.config_file is None
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8080)
    assert settings.journal.path == Path("/home/pi/.local/state/gateway/journal.db")
    assert settings.logging.folder == start.folder / "logs"
    assert not settings.simulated
    assert settings.gateway.id


def test_the_order_of_the_search(start: Start, tmp_path: Path) -> None:
    cwd = tmp_path / "cwd"
    start.folder = cwd
    first = start.write("", "gateway.toml")
    second = start.write("", str(tmp_path / "etc1" / "gateway.toml"))
    third = start.write("", str(tmp_path / "etc2" / "gateway.toml"))
    environ = {"CONFIGURATION_DIRECTORY": f"{tmp_path}/none:{second.parent}:{third.parent}"}
    for expected in (first, second, third):
        assert find_config(None, environ, cwd) == expected
        expected.unlink()
    assert find_config(None, environ, cwd) in (None, SYSTEM_FOLDER / "gateway.toml")
    assert find_config(Path("other.toml"), environ, cwd) == cwd / "other.toml"


def test_named_files_must_exist(start: Start) -> None:
    options = CommandLineOptions(config=Path("a.toml"), env_file=Path("b.env"))
    assert start.problems(options) == [
        "a.toml: there is no such file",
        "b.env: there is no such file",
    ]


def test_a_folder_is_not_a_file(start: Start) -> None:
    (start.folder / "gateway.toml").mkdir()
    assert start.problem() == "gateway.toml: cannot be read: Is a directory"


def test_a_file_elsewhere_is_named_in_full(start: Start, tmp_path: Path) -> None:
    path = start.write("x = 1", "elsewhere/gateway.toml")
    start.folder = tmp_path / "cwd"
    assert start.problem(CommandLineOptions(config=path)).startswith(f"{path}:1: x: unknown key")


def test_the_command_line_goes_before_the_file(start: Start) -> None:
    start.write("[api]\nport = 1\n[logging]\nlevel = 'error'\n")
    options = CommandLineOptions(
        no_i2c=True, host="localhost", port=9000, log_level="debug", log_format="json"
    )
    settings = start.load(options)
    assert (settings.api.host, settings.api.port) == ("localhost", 9000)
    assert (settings.logging.level, settings.logging.format) == ("DEBUG", LogFormat.JSON)
    assert settings.simulated
    assert start.load().logging.level == "ERROR"


def test_the_command_line_is_checked_too(start: Start) -> None:
    problems = start.problems(CommandLineOptions(host="a/b", port=0, log_level="loud"))
    assert [problem.split(": ")[1] for problem in problems] == ["--host", "--port", "--log-level"]
    assert all(problem.startswith("command line: ") for problem in problems)


@pytest.mark.parametrize(
    ("environ", "path", "expected"),
    [
        ({"STATE_DIRECTORY": "/s:/t"}, None, "/s/journal.db"),
        ({"XDG_STATE_HOME": "/x"}, None, "/x/gateway/journal.db"),
        ({"XDG_STATE_HOME": "x", "HOME": "/h"}, None, "/h/.local/state/gateway/journal.db"),
        ({"STATE_DIRECTORY": "/s"}, "a/b.db", "/s/a/b.db"),
        ({"HOME": "/h"}, "~/b.db", "/h/b.db"),
        ({}, "/data/b.db", "/data/b.db"),
    ],
)
def test_the_place_of_the_journal(
    start: Start, environ: dict[str, str], path: str | None, expected: str
) -> None:
    start.environ = environ
    start.write(f"journal.path = '{path}'" if path else "")
    assert start.load().journal.path == Path(expected)


def test_no_place_for_the_journal(start: Start) -> None:
    start.environ = {}
    assert "write the full path in journal.path" in start.problem()


def test_the_folder_of_the_logs_is_systemds(start: Start) -> None:
    start.environ["LOGS_DIRECTORY"] = "/var/log/gateway"
    assert start.load().logging.folder == Path("/var/log/gateway")


def test_a_host_name_that_cannot_be_an_id(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "the pi")
    assert 'host name: gateway.id: the host name "the pi" cannot be' in start.problem()
    start.write("[gateway]\nid = 'pi'\n")
    assert start.load().gateway.id == "pi"


def test_an_error_needs_a_problem() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ConfigError([])
