"""`python -m dummy_hw` as a real process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from arduino_iface.deframer import Deframer, enframe
from arduino_iface.frame import Frame
from arduino_iface.messages import HelloReply, RequestType

_TIMEOUT_S = 30


@contextmanager
def _running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "dummy_hw", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _summaries(process: "subprocess.Popen[str]", number: signal.Signals) -> list[dict[str, object]]:
    process.send_signal(number)
    output, _ = process.communicate(timeout=_TIMEOUT_S)
    assert process.returncode == 0
    return [json.loads(line) for line in output.splitlines()]


def _uid(path: Path) -> str:
    with serial.Serial(os.fspath(path), 115_200, timeout=_TIMEOUT_S) as port:
        port.write(enframe(Frame(RequestType.HELLO, 7, b"\x01")))
        deframer = Deframer()
        while True:
            data = port.read(1)
            assert data, "no reply"
            for reply in deframer.feed(data):
                return HelloReply.decode(reply.payload).uid.hex()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_boards_are_served_until_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    ports = tmp_path / "ports"
    with _running("--boards", "3", "--interval", "0.01", "--dir", os.fspath(ports)) as process:
        uids = [_uid(ports / f"board{number}") for number in range(3)]
        summaries = _summaries(process, number)
    assert [summary["uid"] for summary in summaries] == uids
    assert all(summary["boot"] == 1 for summary in summaries)
    assert list(ports.iterdir()) == []


def test_identities_are_kept_and_samples_stop_on_request(tmp_path: Path) -> None:
    options = ["--interval", "0.001", "--ring", "5", "--dir", os.fspath(tmp_path / "ports")]
    options += ["--eeprom", os.fspath(tmp_path / "eeprom"), "--seed", "4"]
    seen = []
    for _ in range(2):
        with _running(*options) as process:
            process.send_signal(signal.SIGUSR1)
            assert process.stdout is not None
            assert process.stdout.readline() == "frozen\n"
            (summary,) = _summaries(process, signal.SIGTERM)
        made, overwritten, held = (summary[key] for key in ("samples_made", "overwritten", "held"))
        assert isinstance(overwritten, int)
        assert isinstance(held, int)
        assert made == overwritten + held
        seen.append((summary["uid"], summary["boot"]))
    assert seen[0][0] == seen[1][0]
    assert [boot for _, boot in seen] == [1, 2]


@pytest.mark.parametrize(
    "arguments", [[], ["--dir", "x", "--boards", "0"], ["--dir", "x", "--interval", "0"]]
)
def test_usage_errors(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dummy_hw", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    assert done.returncode == 2
