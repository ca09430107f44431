"""Who is who, without any board."""

import pytest

from gateway.model.place import Binding, Bindings, Place

UID = "00112233445566aa"
HERE, THERE = Place("i2c1", 0x12), Place("bench")


def test_a_place_is_said_as_people_say_it() -> None:
    assert (str(HERE), str(THERE)) == ("i2c1 0x12", "bench")


def test_a_board_is_looked_up_by_uid_and_by_place() -> None:
    bindings = Bindings()
    bindings.add(Binding("greenhouse", place=HERE, configured=True))
    assert bindings.by_uid(UID) is None
    bound = bindings.bind("greenhouse", UID, HERE)
    assert bound == Binding("greenhouse", UID, HERE, configured=True)
    assert bindings.by_uid(UID) == bindings.at(HERE) == bindings.get("greenhouse") == bound


def test_a_board_that_moves_leaves_its_place() -> None:
    bindings = Bindings()
    bindings.add(Binding("greenhouse", UID, HERE))
    bindings.bind("greenhouse", UID, THERE)
    assert bindings.at(HERE) is None
    binding = bindings.at(THERE)
    assert binding is not None
    assert binding.id == "greenhouse"


def test_nobody_is_at_a_place_nobody_knows() -> None:
    bindings = Bindings()
    bindings.add(Binding("greenhouse", UID))
    assert bindings.at(HERE) is None
    assert bindings.get("tank") is None
    with pytest.raises(KeyError):
        bindings.bind("tank", UID, HERE)


def test_a_name_takes_as_much_of_the_uid_as_it_needs() -> None:
    bindings = Bindings()
    names = []
    for _ in range(13):
        names.append(bindings.name_for("greenhouse", UID))
        bindings.add(Binding(names[-1]))
    assert names[:2] == ["greenhouse-66aa", "greenhouse-566aa"]
    assert names[-1] == f"greenhouse-{UID}"
    with pytest.raises(ValueError, match="already"):
        bindings.name_for("greenhouse", UID)
