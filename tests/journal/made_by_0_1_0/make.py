"""Makes the journals in this folder; run it with the released code, see README.md."""

import gzip
import sys
import tempfile
from pathlib import Path

from gateway.command_record import CommandRecord, CommandState
from gateway.reading import Loss, LossReason, Quality, Reading

from gateway.journal import DeadLetter, DeviceRow, Journal
from gateway.journal.ddl import SCHEMA_VERSION

UID = "0011223344556677"
BOOT_ID = "00000000-0000-4000-8000-000000000001"
T0 = 1_795_158_000_000


class Clock:
    """Goes on only when the script says so."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wall_ms(self) -> int:
        return T0 + round((self.now - 1000.0) * 1000)

    def boottime_ms(self) -> int:
        return round(self.now * 1000)

    def boot_id(self) -> str:
        return BOOT_ID


def sample(boot: int, seq: int) -> Reading:
    return Reading(
        device="greenhouse",
        time_ms=T0 + (boot * 100 + seq) * 1000,
        values={"temperature": 20 + seq / 10, "door": None, "open": True},
        uid=UID,
        boot=boot,
        seq=seq,
        metadata={"room": "A"},
        boot_id=BOOT_ID,
        boottime_ms=seq * 1000,
    )


def measured(number: int, device: str) -> Reading:
    return Reading(
        device=device,
        time_ms=T0 + number * 1000,
        values={"level": number},
        quality=Quality.GOOD if number % 3 else Quality.PARTIAL,
        boot_id=BOOT_ID,
        boottime_ms=1_000_000 + number * 1000,
    )


def command(name: str, state: CommandState) -> CommandRecord:
    return CommandRecord(
        id=name,
        device="greenhouse",
        name="fan",
        arguments={"speed": 128},
        state=state,
        requested_at_ms=T0,
        token=7,
        finished_at_ms=T0 + 8 if state.final else None,
        duration_ms=7.4 if state.final else None,
        result={"rpm": 900} if state is CommandState.DONE else None,
        error="device_failed" if state is CommandState.FAILED else None,
        actor="frontend",
        idempotency_key=f"key-{name}",
        body_hash="hash",
    )


def commit(journal: Journal, clock: Clock) -> None:
    clock.now += 2.0
    journal.flush()
    journal.step(clock.now)


def explained() -> tuple[object, ...]:
    """What a loss of schema 3 has besides: which numbers of the board it explains."""
    if SCHEMA_VERSION < 3:
        return ()
    from gateway.reading import Through

    return (Through(UID, 2, 5),)


def boards(path: Path) -> None:
    """60 readings and 14 saves of 7 commands; delivered: 40 readings, 5 saves; 2 refused for good."""
    clock = Clock()
    journal = Journal(path, clock=clock)
    journal.open()
    journal.register_sink("mongo")
    journal.save_device(DeviceRow("greenhouse", "Greenhouse", uid=UID, boot=2, driver="protocol"))
    journal.append([sample(1, seq) for seq in range(1, 31)])
    commit(journal, clock)
    lost = Loss("greenhouse", LossReason.OVERWRITTEN, 4, T0 + 201_000, *explained())
    journal.append([sample(2, seq) for seq in range(5, 35)], [lost])
    for state in CommandState:
        journal.save_command(command(f"c-{state.value}", CommandState.QUEUED))
    commit(journal, clock)
    for state in CommandState:
        journal.save_command(command(f"c-{state.value}", state))
    commit(journal, clock)
    journal.dead_letter("mongo", [DeadLetter(row, "", "MongoDB refuses it") for row in (3, 17)])
    journal.advance("mongo", 40, 5)
    commit(journal, clock)
    journal.close()


def lines(path: Path) -> None:
    """6 readings without a number of their own, 2 of them from before the clock was right; 9 saves."""
    clock = Clock()
    is_right = True
    options = {} if SCHEMA_VERSION < 3 else {"clock_is_set": lambda: is_right}
    journal = Journal(path, clock=clock, **options)
    journal.open()
    journal.register_sink("mongo")
    journal.append([measured(number, "tank") for number in (1, 2)])
    journal.append([measured(number, "scale") for number in (3, 4)])
    for number in range(9):
        journal.save_command(command(f"c{number % 3}", CommandState.DONE))
    commit(journal, clock)
    journal.advance("mongo", 3, 7)
    is_right = False
    journal.append([measured(number, "scale") for number in (5, 6)])
    commit(journal, clock)
    journal.close()


def main() -> None:
    folder = Path(sys.argv[1])
    for make in (boards, lines):
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "journal.db"
            make(path)
            target = folder / f"{make.__name__}-{SCHEMA_VERSION}.db.gz"
            target.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            print(target.name, target.stat().st_size)


if __name__ == "__main__":
    main()
