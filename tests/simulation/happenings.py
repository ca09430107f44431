"""How each kind of event happens to the world."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dummy_hw.faults import Fault
from dummy_hw.line_board import LineBoard
from tests.simulation.disk import Fuse
from tests.simulation.hardware import SimBoard

if TYPE_CHECKING:
    from tests.simulation.world import World

Details = dict[str, Any]
KEYS_FORGOTTEN_FROM_MS = 10 * 3_600_000
ORDER_RETRY_S = 0.05
ORDER_TRIES = 100


def _script(world: "World", details: Details) -> None:
    board = world.hardware.spots[details["device"]].board
    board.faults.inject(*_faults(details["faults"]))


def _faults(script: list[str]) -> list[Fault | None]:
    return [None if one == "-" else Fault(one) for one in script]


def _noise(world: "World", details: Details) -> None:
    board = world.hardware.spots[details["device"]].board
    board.faults.set_rates({Fault(details["fault"]): details["rate"]})
    world.at(world.clock.now + details["for_s"], lambda: board.faults.set_rates({}))


def _silence(world: "World", details: Details) -> None:
    board = world.hardware.spots[details["device"]].board
    if isinstance(board, LineBoard):
        _power_cut(world, details)
    else:
        board.mute(details["for_s"])


def _reset(world: "World", details: Details) -> None:
    world.hardware.boards[details["device"]].reset()


def _hang(world: "World", details: Details) -> None:
    board = world.hardware.boards[details["device"]]
    board.hang(True)
    world.at(world.clock.now + details["for_s"], lambda: board.hang(False))


def _power_cut(world: "World", details: Details) -> None:
    name = details["device"]
    world.hardware.power(name, on=False)
    world.at(world.clock.now + details["for_s"], lambda: world.hardware.power(name, on=True))


def _move(world: "World", details: Details) -> None:
    if details["device"] == "cellar":
        world.hardware.move_cellar()
        return
    world.hardware.move_laboratory()
    back = world.clock.now + details["for_s"]
    world.at(back, lambda: world.hardware.power("laboratory", on=True))


def _adapter_gone(world: "World", details: Details) -> None:
    world.hardware.wire.close()


def _sink(world: "World", details: Details) -> None:
    world.sink.mode = details["mode"]
    world.at(world.clock.now + details["for_s"], lambda: setattr(world.sink, "mode", ""))


def _disk_full(world: "World", details: Details) -> None:
    world.disk.full = True
    world.at(world.clock.now + details["for_s"], lambda: setattr(world.disk, "full", False))


def _fuse(world: "World", details: Details) -> None:
    world.disk.light(Fuse(details["count"], details["what"], details["after"]))


def _kill_in_statement(world: "World", details: Details) -> None:
    world.disk.light(Fuse(details["count"], "kill", details["after"]))


def _kill(world: "World", details: Details) -> None:
    if world.life is not None:
        world.die()


def _stop(world: "World", details: Details) -> None:
    if world.life is not None:
        world.stop()


def _outage(world: "World", details: Details) -> None:
    """The whole machine loses its power, and with it every board."""
    back = world.clock.now + details["for_s"]
    for name in world.hardware.spots:
        world.hardware.power(name, on=False)
    world.at(back, world.hardware.power_on)
    world.stay_down_until(back + 1.0)
    world.clock.machine_starts += 1
    _kill(world, details)


def _clock(world: "World", details: Details) -> None:
    world.clock.set_wall(details["by_ms"])
    if abs(details["by_ms"]) >= KEYS_FORGOTTEN_FROM_MS:
        world.orders.forget_keys()


def _raise(world: "World", details: Details) -> None:
    for thread in world.threads_of(details["worker"]):
        thread.raises = [details["when"]]


def _order(world: "World", details: Details, tries: int = ORDER_TRIES) -> None:
    life, board = world.life, world.hardware.boards[details["device"]]
    if life is None:
        return
    device = next((one.id for one in life.registry.all() if one.name == board.name), None)
    if device is None:
        return
    deed = world.orders.choose(device, board, details)

    def carry_out() -> str:
        board.faults.inject(*_faults(details["trouble"]))
        return world.orders.carry_out(deed, life)

    _give(world, device, carry_out, tries)


def _give(world: "World", device: str, carry_out: Callable[[], str], tries: int) -> None:
    """As soon as nobody talks to the device: in one thread nobody can wait for a turn."""
    if device in world.busy_devices:
        if tries:
            again = world.clock.now + ORDER_RETRY_S
            world.at(again, lambda: _give(world, device, carry_out, tries - 1))
        return
    world.busy_devices.add(device)
    try:
        told = carry_out()
    finally:
        world.busy_devices.discard(device)
    world.say(f"command to {device}: {told}")


HAPPENINGS: Mapping[str, Callable[["World", Details], None]] = {
    "script": _script,
    "noise": _noise,
    "silence": _silence,
    "reset": _reset,
    "hang": _hang,
    "power_cut": _power_cut,
    "move": _move,
    "adapter_gone": _adapter_gone,
    "sink": _sink,
    "disk_full": _disk_full,
    "fuse": _fuse,
    "kill": _kill,
    "kill_in_statement": _kill_in_statement,
    "stop": _stop,
    "outage": _outage,
    "clock": _clock,
    "raise": _raise,
    "order": _order,
}


def pacify(world: "World") -> None:
    """The faults are over: whatever is broken works again."""
    world.calm = True
    world.cancel()
    world.disk.heal()
    world.sink.mode = ""
    for spot in world.hardware.spots.values():
        spot.board.faults.clear()
        if isinstance(spot.board, SimBoard):
            spot.board.hang(False)
            spot.board.mute(0.0)
    world.hardware.power_on()
