"""Who is who, without any board."""

import pytest

from gateway.model.place import Book, Entry, Place

UID = "00112233445566aa"
HERE, THERE = Place("i2c1", 0x12), Place("bench")


def test_a_place_is_said_as_people_say_it() -> None:
    assert (str(HERE), str(THERE)) == ("i2c1 0x12", "bench")


def test_a_board_is_looked_up_by_uid_and_by_place() -> None:
    book = Book()
    book.add(Entry("greenhouse", place=HERE, configured=True))
    assert book.by_uid(UID) is None
    bound = book.bind("greenhouse", UID, HERE)
    assert bound == Entry("greenhouse", UID, HERE, configured=True)
    assert book.by_uid(UID) == book.at(HERE) == book.get("greenhouse") == bound


def test_a_board_that_moves_leaves_its_place() -> None:
    book = Book()
    book.add(Entry("greenhouse", UID, HERE))
    book.bind("greenhouse", UID, THERE)
    assert book.at(HERE) is None
    entry = book.at(THERE)
    assert entry is not None
    assert entry.id == "greenhouse"


def test_nobody_is_at_a_place_nobody_knows() -> None:
    book = Book()
    book.add(Entry("greenhouse", UID))
    assert book.at(HERE) is None
    assert book.get("tank") is None
    with pytest.raises(KeyError):
        book.bind("tank", UID, HERE)


def test_a_name_takes_as_much_of_the_uid_as_it_needs() -> None:
    book = Book()
    names = []
    for _ in range(13):
        names.append(book.name_for("greenhouse", UID))
        book.add(Entry(names[-1]))
    assert names[:2] == ["greenhouse-66aa", "greenhouse-566aa"]
    assert names[-1] == f"greenhouse-{UID}"
    with pytest.raises(ValueError, match="already"):
        book.name_for("greenhouse", UID)
