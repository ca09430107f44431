"""The serial port on real pseudo-terminals: bytes, waiting, unplugging, locking, closing."""

import errno
import os
import resource
import subprocess
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from arduino_iface.errors import PortLost, ProtocolMismatch
from arduino_iface.serial_transport import PortTransport
from arduino_iface.transport import SerialTransport
from tests.arduino_iface.waiting import running, until

SOON_S = 20.0
NOBODY = 65534


class Cable:
    """A pseudo-terminal: `path` is the port, `board` is the descriptor of the other end."""

    def __init__(self) -> None:
        self.board, port = os.openpty()
        tty.setraw(port)
        self.path = os.ttyname(port)
        # Kept open, so that the board's end does not see a hang-up before the port is opened.
        self._port = port

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(self.board, count - len(data))
        return data

    def unplug(self) -> None:
        if self.board >= 0:
            os.close(self.board)
            os.close(self._port)
            self.board = -1


@pytest.fixture
def cable() -> Iterator[Cable]:
    cable = Cable()
    yield cable
    cable.unplug()


@pytest.fixture
def port(cable: Cable) -> Iterator[PortTransport]:
    port = PortTransport(cable.path)
    port.open()
    yield port
    port.close()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_it_is_a_serial_transport() -> None:
    port: SerialTransport = PortTransport("/nowhere", 57600)
    assert (port.is_open, port.baud_rate) == (False, 57600)
    assert port.clock.monotonic() <= port.clock.monotonic()


def test_all_bytes_go_through_unchanged_both_ways(cable: Cable, port: PortTransport) -> None:
    every = bytes(range(256))
    port.write(every)
    assert cable.receive(256) == every
    os.write(cable.board, every)
    got = b""
    while len(got) < 256:
        assert port.wait(SOON_S)
        got += port.read()
    assert got == every


def test_reading_never_waits(port: PortTransport) -> None:
    assert port.read() == b""
    assert port.is_open


def test_waiting_ends_in_time_when_nothing_comes(port: PortTransport) -> None:
    began = time.monotonic()
    assert not port.wait(0.05)
    assert time.monotonic() - began >= 0.05
    assert not port.wait(0)
    assert not port.wait(-1)


def test_waiting_ends_when_something_comes(cable: Cable, port: PortTransport) -> None:
    with running(lambda: void(os.write(cable.board, b"x"))):
        assert port.wait(SOON_S)
    assert port.read() == b"x"


def void(_: object) -> None:
    """For a lambda that must return nothing."""


def test_the_baud_rate_is_set(cable: Cable) -> None:
    port = PortTransport(cable.path, 57600)
    port.open()
    speeds = termios.tcgetattr(cable.board)[4:6]
    port.close()
    assert speeds == [termios.B57600, termios.B57600]


def test_closing_leaves_dtr_up_so_that_the_next_opening_resets_nothing(cable: Cable) -> None:
    attributes = termios.tcgetattr(cable.board)
    attributes[2] |= termios.HUPCL
    termios.tcsetattr(cable.board, termios.TCSANOW, attributes)
    port = PortTransport(cable.path)
    port.open()
    assert not termios.tcgetattr(cable.board)[2] & termios.HUPCL
    port.close()


def test_opening_discards_what_came_before(cable: Cable) -> None:
    os.write(cable.board, b"old")
    port = PortTransport(cable.path)
    port.open()
    assert port.read() == b""
    port.close()


def until_lost(port: PortTransport) -> None:
    """As a link does it: wait, then read."""
    while port.wait(SOON_S):
        port.read()


def write(port: PortTransport) -> None:
    port.write(b"x")


@pytest.mark.parametrize("use", [PortTransport.read, until_lost, write])
def test_unplugging_is_noticed_by_each_call(
    cable: Cable, port: PortTransport, use: Callable[[PortTransport], object]
) -> None:
    cable.unplug()
    with pytest.raises(PortLost, match="plug the board in"):
        use(port)
    assert not port.is_open
    with pytest.raises(PortLost, match="not open"):
        use(port)


def test_unplugging_ends_a_wait(cable: Cable, port: PortTransport) -> None:
    waiting = threading.Event()
    lost: list[PortLost] = []

    def wait() -> None:
        waiting.set()
        with pytest.raises(PortLost) as caught:
            until_lost(port)
        lost.append(caught.value)

    with running(wait):
        assert waiting.wait(SOON_S)
        cable.unplug()
    assert lost
    assert not port.is_open


def test_closing_from_another_thread_ends_a_wait(port: PortTransport) -> None:
    before = open_descriptors()
    waiting = threading.Event()
    ended: list[str] = []

    def wait() -> None:
        waiting.set()
        with pytest.raises(PortLost) as caught:
            port.wait(SOON_S)
        ended.append(str(caught.value))

    began = time.monotonic()
    with running(wait):
        assert waiting.wait(SOON_S)
        port.close()
    assert time.monotonic() - began < SOON_S / 2
    assert "closed" in ended[0] or "not open" in ended[0]
    assert open_descriptors() < before


def test_closing_while_others_use_the_port_is_safe_many_times(cable: Cable) -> None:
    before = open_descriptors()
    port = PortTransport(cable.path)
    stop = threading.Event()
    unexpected: list[BaseException] = []

    def use() -> None:
        while not stop.is_set():
            try:
                port.wait(0.01)
                port.read()
            except PortLost:
                continue
            except BaseException as error:
                unexpected.append(error)
                raise

    with running(use, use):
        for _ in range(200):
            open_when_free(port)
            port.write(b"x")
            port.close()
        stop.set()
    assert not unexpected
    assert open_descriptors() == before


def open_when_free(port: PortTransport) -> None:
    def opened() -> bool:
        try:
            port.open()
        except PortLost:
            return False
        return True

    until(opened)


def test_closing_and_opening_may_be_repeated(cable: Cable, port: PortTransport) -> None:
    before = open_descriptors()
    for _ in range(20):
        port.open()
        port.close()
        port.close()
        with pytest.raises(PortLost, match="not open"):
            port.write(b"x")
        port.open()
    assert open_descriptors() == before
    port.write(b"again")
    assert cable.receive(5) == b"again"


def test_a_second_opening_is_told_that_the_port_is_locked(
    cable: Cable, port: PortTransport
) -> None:
    second = PortTransport(cable.path)
    before = open_descriptors()
    for _ in range(20):
        # To root the kernel refuses nothing, but the lock is taken.
        with pytest.raises(PortLost, match=r"(locked|used) by another program"):
            second.open()
    assert open_descriptors() == before
    port.close()
    second.open()
    second.close()


def opened_by_another_program(path: str) -> bool:
    """Whether `cat` of another user, which asks for no lock, can open the port."""
    done = subprocess.run(
        ["/bin/sh", "-c", f": < {path}"],
        user=NOBODY if os.geteuid() == 0 else None,
        capture_output=True,
        timeout=SOON_S,
        check=False,
    )
    assert done.returncode == 0 or b"busy" in done.stderr, done.stderr
    return done.returncode == 0


def test_a_program_that_asks_for_no_lock_is_kept_out(cable: Cable, port: PortTransport) -> None:
    os.chmod(cable.path, 0o666)
    assert not opened_by_another_program(cable.path)
    port.close()
    assert opened_by_another_program(cable.path)
    port.open()
    assert not opened_by_another_program(cable.path)
    os.write(cable.board, b"all of it")
    assert port.wait(SOON_S)
    assert port.read() == b"all of it"


class Guard:
    """Sends an opening elsewhere, and may refuse what was opened."""

    def __init__(self, path: str, refusal: Exception | None = None) -> None:
        self.path = path
        self.refusal = refusal
        self.confirmed: list[int] = []

    def locate(self, path: str) -> str:
        return self.path

    def confirm(self, device_number: int) -> None:
        self.confirmed.append(device_number)
        if self.refusal is not None:
            raise self.refusal


def test_a_guard_says_what_is_opened(cable: Cable) -> None:
    guard = Guard(cable.path)
    port = PortTransport("/dev/ttyUSB99", guard=guard)
    port.open()
    assert guard.confirmed == [os.stat(cable.path).st_rdev]
    port.write(b"there")
    assert cable.receive(5) == b"there"
    port.close()


def test_what_a_guard_refuses_is_closed_again(cable: Cable) -> None:
    guard = Guard(cable.path, ProtocolMismatch("another board"))
    port = PortTransport(cable.path, guard=guard)
    before = open_descriptors()
    for _ in range(5):
        with pytest.raises(ProtocolMismatch, match="another board"):
            port.open()
    assert not port.is_open
    assert open_descriptors() == before
    guard.refusal = None
    port.open()
    port.close()


def test_a_missing_port_says_what_to_do(tmp_path: Path) -> None:
    path = str(tmp_path / "ttyACM0")
    with pytest.raises(PortLost, match="does not exist: plug the board in") as caught:
        PortTransport(path).open()
    assert path in str(caught.value)


@pytest.mark.parametrize("path", ["/dev/null", "/", __file__])
def test_a_file_that_is_no_port_is_refused_and_leaks_nothing(path: str) -> None:
    port = PortTransport(path)
    with pytest.raises(PortLost):
        port.open()
    before = open_descriptors()
    for _ in range(50):
        with pytest.raises(PortLost, match="serial port"):
            port.open()
    assert open_descriptors() == before


def test_without_permission_the_group_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The tests may run as root, whom nothing is refused.
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr("serial.serialposix.os.open", refuse)
        with pytest.raises(PortLost, match="group dialout"):
            PortTransport(str(tmp_path / "ttyACM0")).open()


@pytest.mark.parametrize("baud_rate", [-1, 0, 123456789012])
def test_an_impossible_baud_rate_is_refused_at_once(baud_rate: int) -> None:
    with pytest.raises(ValueError, match="baud rate"):
        PortTransport("/dev/ttyACM0", baud_rate)


def test_a_board_that_takes_nothing_blocks_for_a_bounded_time(cable: Cable) -> None:
    port = PortTransport(cable.path, write_timeout_s=0.05)
    port.open()
    began = time.monotonic()
    with pytest.raises(PortLost, match="accepts no more bytes"):
        port.write(bytes(1_000_000))
    assert 0.05 <= time.monotonic() - began < SOON_S
    assert not port.is_open


def test_descriptors_beyond_1023_work() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with ExitStack() as stack:
            while (null := os.open(os.devnull, os.O_RDONLY)) < 1100:
                stack.callback(os.close, null)
            stack.callback(os.close, null)
            cable = Cable()
            stack.callback(cable.unplug)
            port = PortTransport(cable.path)
            port.open()
            port.write(b"to the board")
            assert cable.receive(12) == b"to the board"
            os.write(cable.board, b"back")
            assert port.wait(SOON_S)
            assert port.read() == b"back"
            port.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
