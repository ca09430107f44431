"""The I2C adapter as far as it can be seen without one: refusals, clean failures, error numbers."""

import errno
import os
from pathlib import Path

import pytest

from arduino_iface.errors import BusFault, PortLost
from arduino_iface.i2c_transport import LinuxI2cTransport, wire_error
from arduino_iface.transport import I2cTransport


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_it_is_an_i2c_transport() -> None:
    transport: I2cTransport = LinuxI2cTransport("/dev/null")
    assert transport.clock.monotonic() <= transport.clock.monotonic()


def test_nothing_is_opened_by_making_one(tmp_path: Path) -> None:
    LinuxI2cTransport(str(tmp_path / "nowhere"))


def test_a_missing_adapter_says_what_to_do(tmp_path: Path) -> None:
    path = str(tmp_path / "i2c-1")
    with pytest.raises(PortLost, match="enable I2C") as caught:
        LinuxI2cTransport(path).open()
    assert path in str(caught.value)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_a_file_that_is_no_adapter_says_so_and_leaks_nothing() -> None:
    transport = LinuxI2cTransport("/dev/null")
    with pytest.raises(PortLost, match="not an I2C adapter"):
        transport.open()
    before = open_descriptors()
    for _ in range(50):
        with pytest.raises(PortLost):
            transport.open()
    assert open_descriptors() == before


def test_without_permission_the_group_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, whom nothing is refused.
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr("smbus2.smbus2.os.open", refuse)
        with pytest.raises(PortLost, match="group i2c"):
            LinuxI2cTransport("/dev/i2c-1").open()


def test_use_before_opening_and_after_closing_is_a_lost_port() -> None:
    transport = LinuxI2cTransport("/dev/null")
    transport.close()
    transport.close()
    with pytest.raises(PortLost, match="not open"):
        transport.read(0x12, 4)
    with pytest.raises(PortLost, match="not open"):
        transport.write(0x12, b"")


@pytest.mark.parametrize("address", [-1, 0x00, 0x02, 0x78, 0x80, 0x1FF08])
def test_reserved_and_impossible_addresses_are_refused(address: int) -> None:
    transport = LinuxI2cTransport("/dev/null")
    with pytest.raises(ValueError, match="address"):
        transport.read(address, 4)
    with pytest.raises(ValueError, match="address"):
        transport.write(address, b"abc")


@pytest.mark.parametrize("length", [-1, 0, 33, 70000])
def test_impossible_lengths_of_a_read_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        LinuxI2cTransport("/dev/null").read(0x12, length)


def test_a_write_that_would_make_a_board_deaf_is_refused() -> None:
    with pytest.raises(ValueError, match="33 bytes"):
        LinuxI2cTransport("/dev/null").write(0x12, bytes(33))


@pytest.mark.parametrize("address", [0x03, 0x04, 0x77])
def test_the_first_and_the_last_address_and_all_lengths_are_allowed(address: int) -> None:
    transport = LinuxI2cTransport("/dev/null")
    for length in (0, 32):
        with pytest.raises(PortLost):
            transport.write(address, bytes(length))
    for length in (1, 32):
        with pytest.raises(PortLost):
            transport.read(address, length)


# Numbers, since it is by numbers that the kernel's documentation and bug reports name them.
@pytest.mark.parametrize("number", [121, 110, 5, 11, 6, 71, 74, 16, 4, 12345])
def test_errors_to_try_again_after(number: int) -> None:
    error = wire_error("/dev/i2c-1", "read from 0x12", OSError(number, "x"))
    assert isinstance(error, BusFault)
    assert "/dev/i2c-1, read from 0x12" in str(error)


@pytest.mark.parametrize("number", [19, 2, 25, 13, 9, 22, 95])
def test_errors_to_open_again_after(number: int) -> None:
    assert isinstance(wire_error("/dev/i2c-1", "read", OSError(number, "x")), PortLost)


def test_an_error_without_a_number_is_tried_again() -> None:
    assert isinstance(wire_error("/dev/i2c-1", "read", OSError("x")), BusFault)
