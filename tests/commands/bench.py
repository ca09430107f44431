"""A commander on a simulated board and a real journal, in one thread; and doubles that go wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from arduino_iface.device import ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from arduino_iface.messages import CommandStatus
from dummy_hw.board import DummyBoard
from dummy_hw.i2c_bus import DummyI2cTransport
from gateway.commands.commander import Commander
from gateway.commands.order import CommandOrder
from gateway.commands.recorder import CommandLedger
from gateway.commands.tokens import CommandHistory
from gateway.journal.errors import JournalUnavailable
from gateway.journal.journal import Journal
from gateway.model.command import CommandRecord
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board

COMMAND_TYPE = 0x04


class InlineLedger:
    """Commits at once, in the caller's thread; goes wrong when told."""

    def __init__(self, journal: Journal, now: Callable[[], float]) -> None:
        self.saved: list[CommandRecord] = []
        self.fails: dict[int, Exception] = {}
        self.holds_back: set[int] = set()
        self._journal = journal
        self._now = now

    def save_command(self, record: CommandRecord, durable: bool = True) -> "InlineTicket":
        """`fails` and `holds_back` count the calls from 0."""
        call = len(self.saved)
        self.saved.append(record)
        if call in self.fails:
            raise self.fails[call]
        ticket = self._journal.save_command(record, durable)
        if call not in self.holds_back:
            self._journal.step(self._now())
        return InlineTicket(ticket.done)


class InlineTicket:
    """Knows at once; nobody waits for a commit that does not come."""

    def __init__(self, done: bool) -> None:
        self.done = done

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s > 0
        return self.done


class UnreadableHistory:
    def command_by_idempotency(self, key: str, since_ms: int) -> CommandRecord | None:
        raise JournalUnavailable("the disk is gone")

    def last_token(self, device: str) -> int | None:
        raise JournalUnavailable("the disk is gone")


class ScriptedDevice(ProtocolDevice):
    """Ends a command as told, without a board."""

    result: CommandStatus | Exception | None = None
    hook: Callable[[], None] | None = None

    def command(self, *arguments: object, **options: object) -> CommandStatus:
        if self.hook is not None:
            self.hook()
        if isinstance(self.result, Exception):
            raise self.result
        if self.result is not None:
            return self.result
        return super().command(*arguments, **options)  # type: ignore[arg-type]


class WatchedTransport(DummyI2cTransport):
    """Calls `before_command` before the first byte of a command is on the wire."""

    before_command: Callable[[], None] | None = None
    commands = 0

    def write(self, address: int, data: bytes) -> None:
        if data[1] == COMMAND_TYPE:
            self.commands += 1
            if self.before_command is not None:
                self.before_command()
        super().write(address, data)


class Bench:
    """One board that is online, and the commander."""

    def __init__(self, path: Path, **board: object) -> None:
        self.house = House(path)
        self.clock = self.house.clock
        self.transport = WatchedTransport(self.clock)
        self.house.transport = self.transport
        self.house.bus.transport = self.transport
        self.board: DummyBoard = make_board(
            self.clock, **({"request_max": 32, "reply_max": 32} | board)
        )
        self.transport.attach(ADDRESS, self.board)
        self.device = ScriptedDevice(I2cLink(self.house.bus, ADDRESS))
        self.poller = self.house.poller("greenhouse", self.device, self.house.bus.close, ADDRESS)
        self.house.run(1.0, self.poller)
        self.ledger = InlineLedger(self.house.journal, self.clock.monotonic)
        self.audited: list[CommandRecord] = []
        self.clients: list[str | None] = []
        self.commander = self.make_commander()

    def make_commander(
        self, history: CommandHistory | None = None, ledger: CommandLedger | None = None
    ) -> Commander:
        """A new one, as after a restart of the gateway."""
        return Commander(
            self.house.registry,
            {"greenhouse": self.poller.driver}.get,
            ledger or self.ledger,
            history or self.house.reader,
            self.clock,
            self._audit,
            use=self.house.roster.use,
        )

    def _audit(self, record: CommandRecord, client: str | None) -> None:
        self.audited.append(record)
        self.clients.append(client)

    def stored(self, record: CommandRecord) -> CommandRecord | None:
        stored = self.house.reader.command(record.id)
        return stored.record if stored else None

    def all_stored(self) -> list[CommandRecord]:
        return [one.record for one in self.house.reader.commands(limit=1000).commands]


FAN = CommandOrder("greenhouse", "fan", {"speed": 128}, actor="anna", client="10.0.0.7")
TARE = CommandOrder("greenhouse", "tare", {})


def keyed(order: CommandOrder, key: str = "k1", body: str = "hash") -> CommandOrder:
    return replace(order, idempotency_key=key, body_hash=body)
