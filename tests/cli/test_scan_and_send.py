"""`gateway scan`, `send` and `devices`: on a running gateway, and scan without one."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.clock import SYSTEM_CLOCK
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.factory import make
from dummy_hw.pty_board import PtyBoards
from gateway import cli
from gateway.cli.send import done, not_done, value_of
from tests.support.gateway import GatewayProcess

UID = bytes.fromhex("00112233445566aa")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("gateway"), "--no_i2c") as gateway:
        gateway.until(lambda: list(gateway.states().values()) == 4 * ["online"], "all are online")
        yield gateway


@pytest.fixture
def nobody_listens() -> Iterator[int]:
    """A port that is taken and on which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def url_of(gateway: GatewayProcess) -> str:
    return f"http://127.0.0.1:{gateway.port}"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_command_is_sent_and_its_outcome_told(
    gateway: GatewayProcess, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("send", "greenhouse", "fan", "speed=128", "--url", url_of(gateway))
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    assert out.startswith("greenhouse: fan done in ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("greenhouse", "fan", "speed=300"), "fan not done: speed: must be from 0 to 255"),
        (("greenhouse", "fan", "speed=fast"), "fan not done: speed: "),
        (("greenhouse", "dance"), "has no command 'dance'; it has: fan, valve"),
        (("cellar", "fan"), "cellar: fan not done: there is no device 'cellar'"),
        (("a/b", "fan"), "not done"),
    ],
)
def test_a_command_that_is_not_done_says_why(
    gateway: GatewayProcess,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    code, out, err = run(capsys, "send", *words, "--url", url_of(gateway))
    assert (code, out) == (1, "")
    assert said in err


def test_the_address_is_that_of_the_configuration(
    folder: Path, nobody_listens: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gateway.toml").write_text(f"[api]\nport = {nobody_listens}\n")
    code, _, err = run(capsys, "send", "greenhouse", "fan")
    assert code == 1
    assert f"no gateway answers at http://127.0.0.1:{nobody_listens}" in err
    assert "not known" not in err


@pytest.mark.parametrize(
    "words", [("greenhouse",), ("greenhouse", "fan", "speed"), ("greenhouse", "fan", "=1")]
)
def test_wrong_usage_of_send_is_two(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(("send", *words))
    assert caught.value.code == 2


def test_an_argument_given_twice_is_wrong_usage(folder: Path) -> None:
    assert cli.main(("send", "greenhouse", "fan", "speed=1", "speed=2")) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("128", 128),
        ("-1.5", -1.5),
        ("grill", "grill"),
        ('"12"', "12"),
        ("null", "null"),
        ("NaN", "NaN"),
        ("[1]", "[1]"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_values_are_typed_as_they_are_written(text: str, value: object) -> None:
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


def test_outcomes_are_told_in_words() -> None:
    assert done("tank: fill", {"duration_ms": 6.5, "result": None, "detail": "sent only"}) == [
        "tank: fill done in 6 ms",
        "  sent only",
    ]
    unknown = not_done("tank: fill", {"code": "outcome_unknown", "detail": "silence"})
    assert unknown[0] == "tank: fill sent: silence"
    assert "not known whether it was done" in unknown[1]
    offline = not_done("tank: fill", {"code": "device_offline", "detail": "offline"})
    assert offline[1] == "  it was not sent; try again later"
    two = not_done("t: c", {"detail": "d", "problems": {"a": "too large", "b": "missing"}})
    assert two[1:] == ["  a: too large", "  b: missing"]


def test_scan_asks_the_gateway_that_has_the_buses(
    gateway: GatewayProcess, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "scan", "--url", url_of(gateway))
    assert (code, err) == (
        0,
        f"the gateway at {url_of(gateway)} is running and uses the buses; its devices:\n",
    )
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["BUS", "ADDRESS", "WHAT"]
    row = next(line for line in lines if " greenhouse" in line)
    assert row.split()[:4] == ["i2c1", "0x10", "online", "greenhouse"]
    code, out, _ = run(capsys, "scan", "--url", url_of(gateway), "--json")
    assert (code, len(json.loads(out))) == (0, 4)


def test_devices_are_shown(
    gateway: GatewayProcess, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "devices", "--url", url_of(gateway))
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 5


def test_scan_looks_itself_when_no_gateway_runs(
    folder: Path, nobody_listens: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with PtyBoards(folder / "ports") as boards:
        made = make("hello", eeprom=MemoryEeprom(UID), clock=SYSTEM_CLOCK)
        port = boards.add("uno", made)
        (folder / "gateway.toml").write_text(
            f"[api]\nport = {nobody_listens}\n[discovery]\nserial = false\n"
            f'[[bus]]\nname = "bench"\ntype = "serial"\nport = "{port}"\n'
            '[[bus]]\nname = "i2c9"\ntype = "i2c"\nport = "/dev/i2c-99"\n'
        )
        code, out, _ = run(capsys, "scan")
        text = run(capsys, "scan", "--direct", "--json")[1]
    assert code == 1  # there is no /dev/i2c-99
    trouble, board = out.splitlines()[1:]
    assert trouble.split()[:3] == ["i2c9", "-", "trouble"]
    assert board.split()[:6] == ["bench", "-", "board", "hello", UID.hex(), "1"]
    assert json.loads(text)[1]["board"]["uid"] == UID.hex()


def test_scan_without_any_bus_says_what_to_do(
    folder: Path, nobody_listens: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gateway.toml").write_text("[discovery]\nserial = false\n")
    code, out, err = run(capsys, "scan", "--direct")
    assert (code, out) == (1, "")
    assert "name one in gateway.toml" in err
