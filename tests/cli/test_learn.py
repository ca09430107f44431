"""`gateway learn`: a table that can be put into gateway.toml, from what a running gateway has learned."""

import tomllib
from pathlib import Path

import pytest

from gateway import cli
from gateway.cli.learn import learned_table
from gateway.config import CommandLineOptions, load
from tests.support.gateway import GatewayProcess

BUS = '[[bus]]\nname = "bench"\ntype = "serial"\nport = "/dev/ttyUSB0"\n'
TABLE = """
[[device]]
id = "scale"
bus = "bench"
driver = "lines"
metadata = { a-room = "A \\"1\\"" }
missing = [-127, "none"]
"""
ONE = 'format = "keyvalue"\nequals = ":"\nrecord = { end = "" }\nencoding = "latin-1"\n'
TWO = """
[[device.commands]]
name = "fan"
template = "FAN {speed}\\n"
[[device.commands.arguments]]
name = "speed"
type = "integer"
[[device.line]]
format = "json"
[[device.line]]
format = "csv"
columns = ["a", "b"]
"""


def learned(*channels: tuple[str, str, str, str | None, int]) -> dict[str, object]:
    keys = ("name", "field", "type", "unit", "line")
    return {
        "by_lines": True,
        "channels": [dict(zip(keys, one, strict=True)) for one in channels],
        "interval_s": 12.0,
        "ignored": 12,
        "damaged": 1,
        "unread": [{"text": 'a "\\ line\u00b0', "reason": "is not text"}],
    }


@pytest.mark.parametrize("rest", [ONE, TWO])
def test_the_table_is_valid_and_keeps_what_was_written(rest: str, tmp_path: Path) -> None:
    before = tomllib.loads(TABLE + rest)["device"][0]
    what = learned(
        ("t", "T", "f64", "Cel", 0),
        ("door", "door", "bool", None, 0),
        ("state", "s.x", "text", None, 0),
    )
    text = BUS + "\n".join(learned_table(before, what)) + "\n"
    assert "# learned from the lines of scale; 12 lines were ignored, 1 was damaged\n" in text
    assert '# not read: "a \\"\\\\ line\u00b0" is not text\n' in text
    after = tomllib.loads(text)["device"][0]
    kind = after["line"][0] if "line" in after else after
    assert kind.pop("channels") == [
        {"name": "t", "field": "T", "unit": "Cel"},
        {"name": "door", "type": "bool"},
        {"name": "state", "field": "s.x", "type": "text"},
    ]
    assert after.pop("interval") == "12s"
    assert after == before
    (tmp_path / "gateway.toml").write_text(text)
    load(CommandLineOptions(env_file=Path("/dev/null")), {"HOME": str(tmp_path)}, tmp_path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_what_a_running_gateway_has_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    config = (
        BUS + '[[device]]\nid = "scale"\nbus = "bench"\ndriver = "lines"\nformat = "keyvalue"\n'
        '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
        '[[device]]\nid = "tank"\nbus = "i2c1"\naddress = 0x12\n'
    )
    with GatewayProcess(tmp_path, "--no_i2c", config=config) as gateway:
        gateway.until(lambda: gateway.states().get("scale") == "online", "the sketch is read")
        gateway.until(
            lambda: gateway.get("/api/v1/devices/scale")["learned"]["interval_s"] == 1.0,
            "its interval is known",
        )
        where = [
            "--url",
            f"http://127.0.0.1:{gateway.port}",
            "--config",
            str(tmp_path / "gateway.toml"),
        ]
        code, out, err = run(capsys, "learn", "scale", *where)
        assert (code, err) == (0, "")
        table = tomllib.loads(out)["device"][0]
        assert table["channels"] == [{"name": "temperature"}, {"name": "humidity"}]
        assert table["interval"] == "1s"
        code, _, err = run(capsys, "learn", "tank", *where)
        assert (code, err) == (
            1,
            'error: tank has the driver "protocol"; channels are learned from "lines" only\n',
        )
        code, _, err = run(capsys, "learn", "nothing", *where)
        assert code == 1
        assert err.startswith("error: the gateway answered 404")
