"""Simulated boards over the API, with the real boards behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api.resources.dummy.document import FAULTS, DummySchema
from arduino_iface.clock import SYSTEM_CLOCK
from dummy_hw import factory
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.faults import Fault
from dummy_hw.hardware import DummyHardware
from dummy_hw.remote import RemoteBoards
from tests.api.gateway import Gateway, fits

PATH = "/api/v1/dummy/devices/greenhouse"


@pytest.fixture
def board() -> DummyBoard:
    return factory.make("greenhouse", eeprom=MemoryEeprom(), clock=SYSTEM_CLOCK)


@pytest.fixture
def simulated(gateway: Gateway, board: DummyBoard, tmp_path: Path) -> Iterator[FlaskClient]:
    hardware = DummyHardware(tmp_path / "terminals")
    hardware.add_i2c("greenhouse", "i2c1", 16, board)
    hardware.start()
    gateway.dummy = RemoteBoards(hardware)
    yield gateway.client()
    hardware.stop()


def test_with_real_buses_there_is_nothing(client: FlaskClient) -> None:
    for reply in (client.get(PATH), client.put(PATH, json={})):
        assert (reply.status_code, (reply.json or {})["code"]) == (404, "not_found")
        assert "--no_i2c" in reply.text


def test_a_board_nobody_knows(simulated: FlaskClient) -> None:
    for reply in (simulated.get(PATH + "x"), simulated.put(PATH + "x", json={})):
        assert (reply.status_code, (reply.json or {})["code"]) == (404, "unknown_device")


def test_a_board_is_shown_from_inside(simulated: FlaskClient, board: DummyBoard) -> None:
    reply = simulated.get(PATH)
    assert reply.status_code == 200
    assert fits(DummySchema, reply.json)
    assert reply.json is not None
    assert (reply.json["id"], reply.json["uid"]) == ("greenhouse", board.uid.hex())
    assert reply.json["powered"]


def test_faults_and_switches(simulated: FlaskClient, board: DummyBoard) -> None:
    faults = {"script": ["corrupt", None, "nack"], "rates": {"drop_reply": 0.5, "nack": 0.5}}
    reply = simulated.put(PATH, json={"faults": faults, "hanging": True})
    assert reply.status_code == 200
    assert fits(DummySchema, reply.json)
    assert reply.json is not None
    assert (reply.json["faults"]["waiting"], reply.json["hanging"]) == (3, True)
    reply = simulated.put(
        PATH, json={"faults": {"clear": True}, "hanging": False, "powered": False}
    )
    assert reply.json is not None
    assert (reply.json["faults"]["waiting"], reply.json["powered"]) == (0, False)
    boot = board.boot
    simulated.put(PATH, json={"powered": True, "reset": True})
    assert board.boot == boot + 2


def test_the_document_names_every_fault() -> None:
    assert set(FAULTS) == {fault.value for fault in Fault}


@pytest.mark.parametrize(
    "body",
    [
        {"signals": {"nothing": {"kind": "constant", "value": 1}}},
        {"signals": {"temperature": {}}},
        {"signals": {"temperature": {"kind": "magic"}}},
        {"signals": {"temperature": {"kind": []}}},
        {"signals": {"temperature": {"kind": "sine", "mean": "x"}}},
        {"signals": {"temperature": {"kind": "sine", "mean": 1e308}}},
        {"signals": {"temperature": {"kind": "counter", "per_s": -1e10}}},
        {"signals": {"temperature": {"kind": "sine", "period_s": 0}}},
        {"signals": {"temperature": {"kind": "noise", "seed": 1 << 80}}},
        {"signals": {"temperature": {"kind": "sine", "colour": 1}}},
        {"signals": {"temperature": 5}},
        {"signals": []},
        {"faults": {"script": ["gremlins"]}},
        {"faults": {"script": ["corrupt"] * 1001}},
        {"faults": {"script": "corrupt"}},
        {"faults": {"rates": {"corrupt": 1.1}}},
        {"faults": {"rates": {"corrupt": -0.1}}},
        {"faults": {"rates": {"corrupt": "0.5"}}},
        {"faults": {"rates": {"corrupt": True}}},
        {"faults": {"rates": {"corrupt": 0.6, "nack": 0.6}}},
        {"faults": {"rates": {"gremlins": 0.1}}},
        {"faults": {"clear": 1}},
        {"powered": "true"},
        {"hanging": None},
        {"reset": 1},
        {"colour": "red"},
    ],
)
def test_a_wrong_order_changes_nothing(
    simulated: FlaskClient, board: DummyBoard, body: dict[str, object]
) -> None:
    boot = board.boot
    reply = simulated.put(PATH, json={"powered": False, **body})
    assert (reply.status_code, (reply.json or {})["code"]) == (422, "invalid_body")
    assert board.faults.waiting == 0
    assert board.boot == boot
    assert "powered" in body or board.status().powered


def test_the_script_of_faults_has_an_end(simulated: FlaskClient) -> None:
    body = {"faults": {"script": ["nack"] * 1000}}
    replies = [simulated.put(PATH, json=body).status_code for _ in range(11)]
    assert replies == [200] * 10 + [422]
