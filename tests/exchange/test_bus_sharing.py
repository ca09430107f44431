"""One bus, eight boards polled flat out by eight threads, and commands in between. Real time."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from arduino_iface.bus import I2cBus
from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.device import ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.messages import CommandStatus
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.i2c_bus import DummyI2cTransport
from tests.arduino_iface.waiting import running, until
from tests.exchange.boards import SCHEMA

BOARDS = 8
COMMANDS = 40
FIRST_ADDRESS = 0x10


class WatchedTransport(DummyI2cTransport):
    """Knows how many transactions have begun when a command asks for the bus, and when it has it."""

    def __init__(self) -> None:
        super().__init__(SYSTEM_CLOCK, 400_000)
        self.begun = 0

    def write(self, address: int, data: bytes) -> None:
        self.begun += 1  # under the bus lock, as every transaction
        super().write(address, data)

    def read(self, address: int, length: int) -> bytes:
        self.begun += 1
        return super().read(address, length)


@dataclass
class Wait:
    """One acquisition of the lock by the commanding thread that had to wait."""

    begun_before: int
    grants_before: int
    begun_between: int = -1
    grants_between: int = -1


class WatchedQueue(deque[object]):
    """The lock's queue of commands: the lock puts and takes under its mutex, so counts are exact."""

    def __init__(self, lock: "WatchedLock") -> None:
        super().__init__()
        self._lock = lock

    def append(self, waiter: object) -> None:
        super().append(waiter)
        self._lock.waits.append(Wait(self._lock.transport.begun, self._lock.grants))

    def popleft(self) -> object:
        wait = self._lock.waits[-1]
        wait.begun_between = self._lock.transport.begun - wait.begun_before
        wait.grants_between = self._lock.grants - wait.grants_before
        return super().popleft()


class WatchedLock(PriorityLock):
    """Counts grants, and notes with which priority each thread asks."""

    def __init__(self, transport: WatchedTransport) -> None:
        super().__init__(SYSTEM_CLOCK)
        self.transport = transport
        self.grants = 0
        self.waits: list[Wait] = []
        self.asked: dict[int, set[Priority]] = {}
        self._queues[Priority.COMMAND] = WatchedQueue(self)  # type: ignore[assignment]

    @contextmanager
    def _hold(self, priority: Priority, timeout_s: float) -> Iterator[None]:
        self.asked.setdefault(threading.get_ident(), set()).add(priority)
        with super()._hold(priority, timeout_s):
            yield

    def _hand_to(self, thread: int) -> None:
        self.grants += 1
        super()._hand_to(thread)


@dataclass
class Polling:
    """One board polled without a pause until told to stop."""

    device: ProtocolDevice
    stop: threading.Event
    polls: int = 0

    def __call__(self) -> None:
        following = 1
        while not self.stop.is_set():
            following = self.device.poll(following).following
            self.polls += 1


def test_eight_flat_out_never_overlap_and_a_command_waits_for_one_transaction() -> None:
    transport = WatchedTransport()
    bus = I2cBus("i2c1", transport)
    lock = WatchedLock(transport)
    bus.lock = lock
    boards, devices = [], []
    for number in range(BOARDS):
        board = DummyBoard(SCHEMA, eeprom=MemoryEeprom(), clock=SYSTEM_CLOCK, ring_size=16)
        board.power_on()
        transport.attach(FIRST_ADDRESS + number, board)
        boards.append(board)
        devices.append(ProtocolDevice(I2cLink(bus, FIRST_ADDRESS + number)))
        devices[-1].identify()
    stop = threading.Event()
    pollers = [Polling(device, stop) for device in devices]
    commander: list[int] = []

    def command() -> None:
        commander.append(threading.get_ident())
        try:
            until(lambda: all(poller.polls > 3 for poller in pollers))
            for token in range(COMMANDS):
                device = devices[token % BOARDS]
                assert device.command(token, 1, b"") is CommandStatus.DONE
        finally:
            stop.set()

    with running(command, *pollers):
        pass
    assert transport.overlaps == 0
    assert sum(board.executed["tare"] for board in boards) == COMMANDS
    assert lock.asked[commander[0]] == {Priority.COMMAND}
    assert lock.waits, "the bus was never taken: this shows nothing"
    # The one in flight may have been granted the lock and not have begun yet.
    assert all(0 <= wait.begun_between <= 1 for wait in lock.waits)
    assert all(wait.grants_between == 0 for wait in lock.waits)
