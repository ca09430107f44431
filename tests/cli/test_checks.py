"""What `gateway check` finds on a machine, and what it says to do."""

import os
import stat
from pathlib import Path

import pytest

from gateway import cli
from gateway.config.settings import BusSettings, BusType
from gateway.observe.checks import Person, Verdict, check_bus, check_folder, check_space, judge_port

NOBODY = Person("nobody", 65534, frozenset([65534]))


def bus(path: Path | str, kind: BusType = BusType.SERIAL) -> BusSettings:
    return BusSettings("bench", kind, str(path))


def of(mode: int, uid: int = 0, gid: int = 0) -> os.stat_result:
    return os.stat_result((stat.S_IFCHR | mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("found", "may"),
    [
        (of(0o660, uid=1000), True),
        (of(0o066, uid=1000), False),  # the owner's bits count for the owner alone
        (of(0o660, gid=20), True),
        (of(0o606, gid=20), False),
        (of(0o666), True),
        (of(0o660), False),
    ],
)
def test_the_permissions_of_a_file(found: os.stat_result, may: bool) -> None:
    assert Person("pi", 1000, frozenset([20, 1000])).may(found, 6) is may
    assert Person("root", 0, frozenset()).may(found, 6)


def test_a_port_of_a_group_names_the_group() -> None:
    finding = judge_port(bus("/dev/ttyACM0"), of(0o660, gid=20), NOBODY)
    assert finding.verdict is Verdict.WRONG
    assert finding.remedy == "sudo adduser nobody dialout, then log in again"
    member = Person("pi", 65534, frozenset([20]))
    assert judge_port(bus("/dev/ttyACM0"), of(0o660, gid=20), member).verdict is Verdict.OK
    service = judge_port(bus("/dev/ttyACM0"), of(0o660, gid=20), NOBODY, is_service=True)
    assert service.remedy == "sudo adduser nobody dialout, then systemctl restart gateway"


@pytest.mark.parametrize("found", [of(0o600), of(0o660), of(0o640, gid=20)])
def test_a_port_that_no_group_may_open_needs_a_rule(found: os.stat_result) -> None:
    assert "i2c-tools" in (judge_port(bus("/dev/i2c-1", BusType.I2C), found, NOBODY).remedy or "")
    assert "udev rule" in (judge_port(bus("/dev/ttyACM0"), found, NOBODY).remedy or "")


def test_a_missing_port_and_one_that_is_no_device(tmp_path: Path) -> None:
    assert "raspi-config" in (check_bus(bus(tmp_path / "x", BusType.I2C), NOBODY).remedy or "")
    assert "by-id" in (check_bus(bus(tmp_path / "x"), NOBODY).remedy or "")
    (tmp_path / "file").touch()
    assert "is not a device" in check_bus(bus(tmp_path / "file"), NOBODY).what


def test_folders(tmp_path: Path) -> None:
    assert check_folder("log", tmp_path / "a" / "b", NOBODY).verdict is Verdict.WRONG
    assert check_folder("log", tmp_path / "a", NOBODY, is_service=True).verdict is Verdict.OK
    tmp_path.chmod(0o777)
    assert check_folder("log", tmp_path, NOBODY).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(2 << 30, Verdict.OK), (500 << 20, Verdict.NOTE), (100 << 20, Verdict.WRONG)],
)
def test_space(tmp_path: Path, free: int, verdict: Verdict) -> None:
    finding = check_space(tmp_path / "journal.db", 1 << 30, free)
    assert finding.verdict is verdict
    assert (finding.remedy is None) is (verdict is Verdict.OK)


def test_check_looks_at_the_machine_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200")
    (tmp_path / "gateway.toml").write_text(
        '[journal]\nmax_size = "1MiB"\n[[bus]]\nname = "x"\ntype = "serial"\nport = "/dev/none"\n'
    )
    assert cli.main(["check"]) == 1
    said = capsys.readouterr().out
    assert "WRONG bus x: /dev/none does not exist\n      do: plug it in" in said
    assert "note  no MongoDB server can be reached" in said
    assert "the machine is not ready" in said
    assert cli.main(["check", "--config-only"]) == 0
    assert cli.main(["check", "--no_i2c"]) == 0
