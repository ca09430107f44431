"""`gateway keys` as a person or a script uses it."""

from pathlib import Path

import pytest

from gateway import cli
from gateway.access.keys import KeyStore, Scope


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("STATE_DIRECTORY", "MONGO_URI", "MONGOURI"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "state" / "gateway" / "keys.json"


def test_create_list_and_revoke(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["keys", "list"]) == 0
    assert "there are no keys" in capsys.readouterr().out
    assert cli.main(["keys", "create", "--name", "dashboard", "--scope", "command"]) == 0
    shown = capsys.readouterr()
    secret = shown.out.strip()
    assert "not shown again" in shown.err
    key = KeyStore(state).ring().find(secret)
    assert key is not None
    assert (key.name, key.scope) == ("dashboard", Scope.COMMAND)
    assert cli.main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert "dashboard  command" in listed
    assert secret not in listed
    assert cli.main(["keys", "revoke", "dashboard"]) == 0
    assert "open to every local request again" in capsys.readouterr().out
    assert KeyStore(state).read() == ()


def test_what_goes_wrong_is_said_on_the_standard_error(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["keys", "revoke", "nobody"]) == 1
    assert "there is no key 'nobody'" in capsys.readouterr().err
    assert cli.main(["keys", "create", "--name", "a b", "--scope", "read"]) == 1
    shown = capsys.readouterr()
    assert "cannot be the name of a key" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("arguments", [["keys"], ["keys", "create", "--name", "a"]])
def test_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_a_scope_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["keys", "create", "--name", "a", "--scope", "all"])
    assert ended.value.code == 2
    assert "read" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "run"])
def test_without_a_key_it_does_not_start_where_others_can_reach_it(
    state: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert cli.main([command, "--no_i2c", "--host", "0.0.0.0"]) == 78
    said = capsys.readouterr().err
    assert "gateway keys create --name NAME --scope admin" in said
    assert str(state) in said
    assert not state.exists()


def test_with_a_key_the_address_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["keys", "create", "--name", "a", "--scope", "admin"]) == 0
    assert cli.main(["check", "--host", "0.0.0.0"]) == 0
    assert "the configuration is valid" in capsys.readouterr().out


def test_as_a_service_the_command_names_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "var"))
    assert cli.main(["check", "--host", "192.168.1.5"]) == 78
    assert f"STATE_DIRECTORY={tmp_path / 'var'} gateway keys create" in capsys.readouterr().err


def test_a_damaged_file_is_a_mistake_in_the_configuration(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state.parent.mkdir(parents=True)
    state.write_text("{")
    assert cli.main(["check"]) == 78
    assert "is damaged" in capsys.readouterr().err
