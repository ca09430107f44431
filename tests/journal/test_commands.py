"""Commands, devices: saved by id, found again, in versions that only rise."""

from dataclasses import replace

import pytest

from gateway.journal import (
    DeviceRow,
    Entry,
    InvalidCursor,
    Journal,
    JournalReader,
    Order,
    StoredCommand,
)
from gateway.model.command import CommandRecord, CommandState
from tests.journal.conftest import MakeJournal
from tests.journal.records import T0, command
from tests.support.clock import FakeClock

FULL = CommandRecord(
    id="c1",
    device="greenhouse",
    name="fan",
    arguments={"speed": 128, "label": "ö"},
    state=CommandState.FAILED,
    requested_at_ms=T0,
    token=7,
    finished_at_ms=T0 + 8,
    duration_ms=7.4,
    result={"rpm": [1, None]},
    error="device_failed",
    detail="the board said no",
    actor="frontend",
    idempotency_key="k",
    body_hash="h",
)


def save(journal: Journal, clock: FakeClock, *records: CommandRecord) -> None:
    for record in records:
        journal.save_command(record)
    journal.step(clock.monotonic())


def test_a_command_comes_back_as_it_was(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    save(journal, clock, FULL)
    assert reader.command("c1") == StoredCommand(1, FULL)
    assert reader.command("c2") is None


def test_a_change_keeps_the_place_and_raises_the_version(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    save(journal, clock, command(1), command(2))
    save(journal, clock, command(1, CommandState.SENT), command(1, CommandState.DONE))
    assert [one.record.id for one in reader.commands().commands] == ["c2", "c1"]
    changed = reader.commands_changed_since(1, 10)
    assert [(one.version, one.record.id) for one in changed] == [(2, "c2"), (4, "c1")]
    assert changed[-1].record.state is CommandState.DONE
    assert len(reader.commands_changed_since(0, 1)) == 1


def test_listeners_hear_every_change(journal: Journal, clock: FakeClock) -> None:
    heard: list[Entry] = []
    journal.follow(heard.extend)
    save(journal, clock, command(1), command(1, CommandState.SENT))
    save(journal, clock, command(1, CommandState.DONE))
    commands = [one for one in heard if isinstance(one, StoredCommand)]
    assert [(one.version, one.record.state.value) for one in commands] == [
        (1, "queued"),
        (2, "sent"),
        (3, "done"),
    ]


def test_versions_go_on_after_a_restart(make: MakeJournal, reader: JournalReader) -> None:
    for number in (1, 2, 3):
        journal = make()
        journal.open()
        journal.save_command(command(number, CommandState.DONE))
        journal.close()
    assert [one.version for one in reader.commands_changed_since(0, 10)] == [1, 2, 3]


def test_the_newest_command_of_an_idempotency_key(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    save(journal, clock, command(1, key="k"), command(2, key="k"), command(3, key="other"))
    found = reader.command_by_idempotency("k")
    assert found is not None
    assert found.id == "c2"
    assert reader.command_by_idempotency("k", T0 + 2) == found
    assert reader.command_by_idempotency("k", T0 + 3) is None
    assert reader.command_by_idempotency("unheard") is None


def test_the_last_token_of_a_device(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    save(journal, clock, command(1, token=5), command(2, token=6), command(3))
    save(journal, clock, command(4, device="tank", token=9))
    assert reader.last_token("greenhouse") == 6
    assert reader.last_token("nobody") is None


def test_pages_of_commands(journal: Journal, reader: JournalReader, clock: FakeClock) -> None:
    save(journal, clock, *(command(n, device="ab"[n % 2]) for n in range(1, 8)))
    first = reader.commands("b", limit=3)
    assert [one.record.id for one in first.commands] == ["c7", "c5", "c3"]
    save(journal, clock, command(9, device="b"), command(3, CommandState.DONE, device="b"))
    second = reader.commands("b", limit=3, cursor=first.next)
    assert [one.record.id for one in second.commands] == ["c1"]
    assert second.next is None
    ascending = reader.commands(limit=100, order=Order.ASC)
    assert [one.record.id for one in ascending.commands] == [*(f"c{n}" for n in range(1, 8)), "c9"]
    with pytest.raises(InvalidCursor):
        reader.commands("b", cursor="nonsense!")


def test_a_result_that_is_not_json_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="JSON"):
        journal.save_command(replace(FULL, result=object()))


def test_devices(journal: Journal, reader: JournalReader, clock: FakeClock) -> None:
    full = DeviceRow(
        id="greenhouse",
        name="Greenhouse",
        uid="0011223344556677",
        bus="i2c1",
        address=18,
        driver="protocol",
        firmware="1.4.0",
        boot=5,
        schema_text="r temperature i16",
        last_seen_ms=T0,
        metadata={"room": "A"},
    )
    journal.save_device(DeviceRow("tank", "Tank"))
    journal.save_device(replace(full, boot=4))
    journal.save_device(full)
    journal.step(clock.monotonic())
    assert reader.devices() == [full, DeviceRow("tank", "Tank")]
