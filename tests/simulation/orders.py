"""Commands given to the gateway, what the caller was told, and what the boards did."""

from dataclasses import dataclass, field

from gateway.commands.order import CommandOrder
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError
from tests.simulation.errors import Violation
from tests.simulation.hardware import SimBoard
from tests.simulation.life import Life

UNSENT = {"device_offline", "bus_busy", "journal_unavailable", "unknown_device", "unknown_command"}


@dataclass
class Deed:
    """One number that one board was told to mark; perhaps asked for several times under one key."""

    board: SimBoard
    number: int
    order: CommandOrder
    told: list[CommandRecord] = field(default_factory=list)
    age: int = 0
    """Of the order book, when it was entered."""


class OrderBook:
    """Every order. `repeatable`: what may be asked for again under its key."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self._repeatable: dict[str, Deed] = {}
        self._age = 0

    def forget_keys(self) -> None:
        """So much time has passed, by the clock on the wall, that keys mean nothing any more."""
        self._repeatable.clear()
        self._age += 1

    def choose(self, device: str, board: SimBoard, details: dict[str, object]) -> Deed:
        """A new deed, or an earlier one again."""
        if details["again"] and board.name in self._repeatable:
            return self._repeatable[board.name]
        number = int(str(details["number"]))
        key = f"key-{number}" if details["keyed"] else None
        order = CommandOrder(
            device,
            "mark",
            {"number": number},
            idempotency_key=key,
            body_hash=f"body-{number}" if key else None,
            timeout_s=float(str(details["timeout_s"])),
        )
        deed = Deed(board, number, order, age=self._age)
        self.deeds.append(deed)
        if key:
            self._repeatable[board.name] = deed
        return deed

    def carry_out(self, deed: Deed, life: Life) -> str:
        """Have it done; what the caller was told."""
        if deed.age != self._age:
            return "not asked for: it had to wait until its key meant nothing any more"
        before = deed.board.acts[deed.number]
        try:
            record = life.commander.execute(deed.order)
        except CommandError as error:
            after = deed.board.acts[deed.number]
            if error.code in UNSENT and after != before:
                raise Violation(
                    f"{deed.number}: told {error.code}, but the board has acted"
                ) from error
            if error.record is not None:
                deed.told.append(error.record)
            return error.code
        if deed.board.acts[deed.number] != 1:
            raise Violation(f"{deed.number}: told done, but the board has not acted")
        deed.told.append(record)
        return "done"

    def check_acts(self) -> None:
        """No board has acted twice for one command."""
        for deed in self.deeds:
            if deed.board.acts[deed.number] > 1:
                raise Violation(f"{deed.board.name} has acted twice for {deed.number}")

    def check_records(self, records: dict[str, CommandRecord]) -> None:
        """At the end: the records are final, agree with what was told, and leave no act out."""
        for record in records.values():
            if not record.state.final:
                raise Violation(f"the command {record.id} has no final outcome: {record.state}")
        recorded = {record.arguments.get("number") for record in records.values()}
        for deed in self.deeds:
            if deed.board.acts[deed.number] and deed.number not in recorded:
                raise Violation(
                    f"{deed.board.name} has acted for {deed.number}; there is no record"
                )
            for told in deed.told:
                self._compare(told, records.get(told.id))

    def _compare(self, told: CommandRecord, kept: CommandRecord | None) -> None:
        if kept is None:
            if told.state is not CommandState.EXPIRED:
                raise Violation(f"no record of the command {told.id}, told {told.state}")
            return
        # A process that died before the outcome was on disk leaves "unknown", which is not wrong.
        if kept.state not in (told.state, CommandState.UNKNOWN):
            raise Violation(f"the command {told.id} was told {told.state} and is {kept.state}")
