"""A gateway that cannot start says why, on the console, and ends with the right exit code."""

from pathlib import Path

from tests.support.gateway import GatewayProcess
from tests.support.ports import ReservedPort


def test_two_gateways_cannot_share_a_journal(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "first", "--no_i2c") as first:
        journal = f'[journal]\npath = "{first.journal}"\n'
        second = GatewayProcess(tmp_path / "second", "--no_i2c", config=journal)
        assert second.run_to_end() == 1
        said = second.process.output()
        assert f"in use by another gateway (process {first.process.pid})" in said
        assert "Traceback" not in said
        second.close()
        assert first.terminate() == 0


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with ReservedPort() as port:
        port.listen()
        gateway = GatewayProcess(tmp_path, "--no_i2c", port=port.number)
        assert gateway.run_to_end() == 1
    said = gateway.process.output()
    assert f"cannot listen on 127.0.0.1 port {port.number}: another program listens there" in said
    assert "--port" in said
    assert "works:" not in said  # a device is called workshop
    assert "Traceback" not in said


def test_a_wrong_configuration_names_line_and_key(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path, config='[api]\nhost = "127.0.0.1"\nprot = 8080\n')
    assert gateway.run_to_end() == 78
    gateway.close()
    said = gateway.process.output()
    assert 'gateway.toml:3: api.prot: unknown key; did you mean "port"?' in said
    assert not gateway.journal.exists()


def test_a_wrong_mongo_address_is_told_without_its_password(tmp_path: Path) -> None:
    uri = "mongodb://user:hunter2@localhost:70000/"
    gateway = GatewayProcess(tmp_path, "--no_i2c", mongo_uri=uri)
    assert gateway.run_to_end() == 78
    gateway.close()
    said = gateway.process.output()
    assert "MONGO_URI" in said
    assert "hunter2" not in said
