"""The end of a simulation: the faults stop, everything drains, and the books must balance."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from gateway.journal.errors import JournalError
from gateway.model.command import CommandRecord
from gateway.model.reading import LossReason
from tests.simulation.errors import Violation
from tests.simulation.happenings import pacify

if TYPE_CHECKING:
    from tests.simulation.world import World

CALM_S = 8.0
"""Life without faults before the boards stop making samples."""
DRAIN_MAX_S = 240.0
LIMIT = 10_000


def conclude(world: "World") -> None:
    """Let everything drain; raises `Violation` when the books do not balance."""
    world.say("CALM")
    pacify(world)
    world.run_until(world.clock.now + CALM_S)
    for board in world.hardware.boards.values():
        board.freeze(True)
    for name in ("tank", "scale"):
        world.hardware.power(name, on=False)
    if not world.run_until(world.clock.now + DRAIN_MAX_S, lambda: not _left(world)):
        raise Violation(f"it does not drain: {_left(world)}")
    world.audit.look()
    _check_sink(world)
    _check_boards(world)
    _check_losses(world)
    _check_measured(world)
    world.orders.check_records(_commands(world))


def _left(world: "World") -> str:
    """What is not done yet, in words."""
    life = world.life
    if life is None:
        return "the gateway does not run"
    held = {name: board.status().held for name, board in world.hardware.boards.items()}
    if any(held.values()):
        details = {one.id: f"{one.state} {one.detail}" for one in life.registry.all()}
        return f"boards hold samples: {held}; {details}"
    state = life.journal.state()
    if state.queued or life.journal._pending.has_work():
        return f"the journal's queue holds {state.queued} readings and perhaps others"
    delivery = life.delivery.state() if life.delivery else None
    if delivery is None or delivery.lag_rows:
        return f"not delivered: {delivery}"
    try:
        stats = life.reader.stats()
    except JournalError as error:
        return str(error)
    name = world.sink.name
    if stats.cursors[name] < stats.last_row:
        return f"the cursor is behind: {stats.cursors}"
    if life.reader.commands_changed_since(stats.cursors[f"{name}-commands"], 1):
        return f"the cursor of commands is behind: {stats.cursors}"
    return ""


def _check_sink(world: "World") -> None:
    assert world.life is not None
    dead = {one.stored.key for one in world.life.reader.dead_letters(limit=LIMIT)}
    for key in world.audit.stored:
        places = (key in world.sink.readings) + (key in dead)
        if places != 1:
            raise Violation(f"{key} is in {places} of sink and dead letters")
    for key in world.sink.readings:
        if key not in world.audit.stored:
            raise Violation(f"{key} is in the sink and was never in the journal")


def _check_boards(world: "World") -> None:
    """Every sample made is stored, or overwritten unread, or lost with its board's memory."""
    for (uid, number), boot in world.audit.boots.items():
        lost = boot.overwritten | boot.lost_at_reset
        missing = set(range(1, boot.made + 1)) - boot.stored - lost
        if missing:
            name = world.audit.names[uid]
            raise Violation(f"{name} boot {number}: {sorted(missing)} are nowhere")


def _check_losses(world: "World") -> None:
    """What the gateway counted as overwritten is exactly what is missing among the stored."""
    expected: Counter[str] = Counter()
    devices = {one.reading.uid: one.reading.device for one in world.audit.stored.values()}
    for (uid, _), boot in world.audit.boots.items():
        if boot.stored:
            expected[devices[uid]] += max(boot.stored) - len(boot.stored)
    counted = _losses(world)[LossReason.OVERWRITTEN]
    if +expected != +counted:
        raise Violation(f"overwritten: {dict(expected)}, counted: {dict(counted)}")


def _check_measured(world: "World") -> None:
    """Measurements of boards without memory are stored, but for what died in memory."""
    audit = world.audit
    lost = audit.offered - audit.perhaps_lost
    if +lost:
        raise Violation(f"measured, queued and gone: {dict(+lost)}")
    counted = _losses(world)[LossReason.SHED_BY_BOUND]
    assert world.life is not None
    for device, refused in audit.refused.items():
        known = counted[device] + world.life.unqueued().get(device, 0)
        if not refused - audit.refused_perhaps_lost[device] <= known <= refused:
            raise Violation(f"{device}: {refused} found no room, {known} are counted")


def _losses(world: "World") -> dict[LossReason, Counter[str]]:
    assert world.life is not None
    found: dict[LossReason, Counter[str]] = defaultdict(Counter)
    for hour in world.life.reader.ledger(limit=LIMIT).hours:
        for reason, count in hour.lost.items():
            found[reason][hour.device] += count
    return found


def _commands(world: "World") -> dict[str, CommandRecord]:
    """The records in the sink; the journal's must be the same, as far as it still keeps them."""
    assert world.life is not None
    kept = {one.record.id: one for one in world.life.reader.commands_changed_since(0, LIMIT)}
    for name, one in kept.items():
        if world.sink.commands.get(name) != one:
            raise Violation(f"the command {name} in the sink is not as in the journal")
    return {name: one.record for name, one in world.sink.commands.items()}
