"""The log of a gateway whose boards are silent: one line when it begins, one when it ends."""

from pathlib import Path

from tests.e2e.waiting import until_all_are, until_all_measure
from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess

RETRIES = 6
"""A request is repeated twice before it counts as failed: three polls have failed, then."""


def _retries(gateway: GatewayProcess) -> int:
    devices = gateway.get("/api/v1/devices")["devices"]
    return min(int(one["health"]["retries"]) for one in devices)


def test_silence_makes_two_lines_however_many_polls_fail(tmp_path: Path) -> None:
    with BoardsProcess(tmp_path, 2) as boards:
        with GatewayProcess(tmp_path, config=boards.config()) as gateway:
            until_all_measure(gateway, boards.names)
            before = len(gateway.log_lines())
            boards.suspend()
            until_all_are(gateway, "offline")
            gateway.until(lambda: _retries(gateway) >= RETRIES, "several polls have failed")
            boards.resume()
            until_all_are(gateway, "online")
            assert gateway.terminate() == 0
        during = gateway.log_lines()[before:]
        for name in boards.names:
            of_board = [line for line in during if f"device={name} " in line]
            assert len(of_board) == 2, during
            assert "device does not answer" in of_board[0]
            assert "device answers again after" in of_board[1]


def test_a_secret_without_effect_makes_one_line(tmp_path: Path) -> None:
    environ = {"GATEWAY_MQTT_URL": "mqtt://anna:hunter22@there"}
    with GatewayProcess(tmp_path, "--no_i2c", environ=environ) as gateway:
        assert gateway.terminate() == 0
    (line,) = (one for one in gateway.log_lines() if "GATEWAY_MQTT_URL" in one)
    assert "WARNING" in line
    assert line.endswith("GATEWAY_MQTT_URL has no effect in this version")
    assert "hunter22" not in "".join(gateway.log_lines())
