"""Reading twice: which answers of a sketch confirm each other, however late it answers.

A sketch that prepares its answer in `loop()` sends what was asked for one or two requests before, and while
the loop waits it sends the same to every request. Both are the data of other blocks. So two answers alike
confirm a block only if they cannot be explained like that. First there are two passes, the second in reverse
order: what it gives must differ from the data of the two blocks that were read before. That is enough for a
sketch that was seen to answer in time. Of others all blocks, and of those the blocks that are not confirmed,
are read in rounds: each several times in a row, then all again. The last answer of a row is the block's own,
and another block's in between shows that the sketch has not stood still.

No I/O here: `ask` reads a block.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from arduino_iface.registers.map import Block, RegisterChannel

ROW = 3
"""Reads in a row whose last answer is the block's own, though it be late by two requests."""

ROW_IN_TIME = 2
"""The same for a sketch that was seen to answer in time: late now and then by one."""

ROUNDS_MAX = 3

_MORE = 2


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was confirmed: bytes by channel, and whole answers by the place of their block.

    `apart`: every block was told apart from others. `cleared`: a channel was not zero at first and zero
    later, as if reading had set it back.
    """

    channels: Mapping[str, bytes]
    answers: Mapping[int, bytes]
    apart: bool
    cleared: bool


class Passes:
    """The reads of one sample. Used once."""

    def __init__(
        self,
        blocks: Sequence[Block],
        ask: Callable[[Block], bytes],
        doubted: Callable[[], None],
        lateness: int | None = None,
    ) -> None:
        """`doubted` is called for each block of which the two passes do not agree.

        `lateness`: by how many requests the sketch was seen to answer late, None: not known.
        """
        self._blocks = blocks
        self._ask = ask
        self._doubted = doubted
        self._lateness = lateness
        self._row = _row(lateness)
        self._answers: list[list[bytes]] = [[] for _ in blocks]
        self._asked: list[int] = []
        self._lasts: dict[int, list[bytes]] = {}
        self._rows: list[tuple[int, bytes]] = []

    def run(self) -> Confirmed:
        """Read all. Raises what `ask` raises."""
        if len(self._blocks) == 1:
            return self._single()
        places = range(len(self._blocks))
        for place in (*places, *reversed(places)):
            self._read(place)
        agreed = {place for place in places if _agreed(self._blocks[place], self._answers[place])}
        for _ in set(places) - agreed:
            self._doubted()
        proven: set[int] = set()
        if self._lateness == 0:
            proven = {place for place in agreed if self._is_proven(place, agreed)}
            if len(agreed) == len(places) and not proven and self._all_alike():
                self._lasts = dict(enumerate(self._answers))
                return self._confirmed(proven, False)
        apart = self._read_in_rounds([place for place in places if place not in proven], proven)
        return self._confirmed(proven, apart)

    def _read(self, place: int) -> bytes:
        data = self._ask(self._blocks[place])
        self._answers[place].append(data)
        self._asked.append(place)
        return data

    def _single(self) -> Confirmed:
        """One block: an answer that is late is its own too, only older."""
        (block,) = self._blocks
        least = 2 if block.pieces else ROW
        for _ in range(2):
            self._read(0)
        if not _agreed(block, self._answers[0]):
            self._doubted()
        for _ in range(least + _MORE - 2):
            if len(self._answers[0]) >= least and _agreed(block, self._answers[0]):
                break
            self._read(0)
        first, last = (self._piece(0, self._answers[0][-1], at) for at in (0, -1))
        apart = not block.pieces or first[: len(last)] != last
        self._lasts[0] = self._answers[0]
        return self._confirmed(set(), apart)

    # Two passes

    def _is_proven(self, place: int, agreed: set[int]) -> bool:
        """Whether the answer of the second pass cannot be that of one of the two requests before."""
        at = 2 * len(self._blocks) - 1 - place
        mine = self._answers[place][-1]
        before = {self._asked[at - 1], self._asked[at - 2]} - {place}
        return all(
            other in agreed and self._differ(place, mine, other, self._answers[other][-1])
            for other in before
        )

    def _all_alike(self) -> bool:
        """Whether no block could be told apart from any other, however often they were read."""
        last = [answers[-1] for answers in self._answers]
        places = range(len(last))
        return not any(
            self._differ(one, last[one], other, last[other])
            for one in places
            for other in places
            if one != other
        )

    def _differ(self, place: int, mine: bytes, other: int, theirs: bytes) -> bool:
        """Whether a block's answer is not what another block's number would have given."""
        block = self._blocks[place]
        late = self._piece(other, theirs, -1)
        return any(
            _unlike(one, block.part(one, mine), block.part(one, late)) for one in block.channels
        )

    def _piece(self, place: int, data: bytes, at: int) -> bytes:
        """What one of a block's transactions gave."""
        register, length = self._blocks[place].transactions[at]
        begin = register - self._blocks[place].register
        return data[begin : begin + length]

    # Rounds

    def _read_in_rounds(self, places: Sequence[int], proven: set[int]) -> bool:
        """Read until these are confirmed; whether each was told apart from another."""
        if not places:
            return True
        order = [*places, *self._witness(places, proven)]
        for number in range(ROUNDS_MAX):
            if number >= 2 and all(_agreed(self._blocks[one], self._lasts[one]) for one in places):
                break
            # Each has another one before it than the last time, and others in between.
            mixed = number % 2 and len(order) > 2
            for place in [*order[1::2], *order[::2]] if mixed else order:
                data = self._read_in_a_row(place)
                self._lasts.setdefault(place, []).append(data)
                self._rows.append((place, data))
        return all(self._stands_apart(place) for place in places)

    def _witness(self, places: Sequence[int], proven: set[int]) -> Sequence[int]:
        """The proven block that differs from most of these; none when there is none."""

        def count(witness: int) -> int:
            known = self._answers[witness][-1]
            return sum(self._differ(one, self._answers[one][-1], witness, known) for one in places)

        return sorted(proven, key=count)[-1:]

    def _read_in_a_row(self, place: int) -> bytes:
        times = 1 if self._blocks[place].pieces else self._row
        return [self._read(place) for _ in range(times)][-1]

    def _stands_apart(self, place: int) -> bool:
        """Whether between the last two rows of a block another one's was different.

        Of a sketch that is late also one right before must have been, since it may be later than it was.
        """
        *_, first, last = (at for at, (one, _) in enumerate(self._rows) if one == place)
        mine = self._rows[last][1]
        between = [self._differ(place, mine, *row) for row in self._rows[first + 1 : last]]
        before = [self._differ(place, mine, *self._rows[at - 1]) for at in (first, last) if at]
        return any(between) and (any(before) or not self._lateness)

    # Outcome

    def _confirmed(self, proven: set[int], apart: bool) -> Confirmed:
        channels: dict[str, bytes] = {}
        answers: dict[int, bytes] = {}
        cleared = False
        for place, block in enumerate(self._blocks):
            seen = self._answers[place][:2] if place in proven else self._lasts[place]
            found = {
                one.name: block.part(one, seen[-1])
                for one in block.channels
                if _last_agrees(block, one, seen)
            }
            channels |= found
            if len(found) == len(block.channels):
                answers[place] = seen[-1]
            cleared |= any(
                self._looks_cleared(place, one, found[one.name])
                for one in block.channels
                if one.name in found
            )
        return Confirmed(channels, answers, apart, cleared)

    def _looks_cleared(self, place: int, channel: RegisterChannel, accepted: bytes) -> bool:
        """Whether an answer that is not zero came before one that is.

        Unless the sketch is known to answer in time, either may be the answer to another request.
        """
        block = self._blocks[place]
        parts = [block.part(channel, one) for one in self._answers[place]]
        zeros = [number for number, part in enumerate(parts) if not any(part)]
        before = {part for part in parts[: zeros[-1]] if any(part)} if zeros else set()
        if self._lateness == 0:
            return bool(before)
        others = {
            block.part(channel, data)
            for other, answers in enumerate(self._answers)
            if other != place
            for data in answers
        }
        zero_is_own = not any(accepted) or bytes(len(accepted)) not in others
        return zero_is_own and not before <= others


def _row(lateness: int | None) -> int:
    """Reads in a row; twice as many as were needed, since the loop may take longer now."""
    if lateness is None:
        return ROW
    return 2 * (lateness + 1) if lateness else ROW_IN_TIME


def _agreed(block: Block, seen: Sequence[bytes]) -> bool:
    """Whether all of the last answer is confirmed by one before."""
    return all(_last_agrees(block, one, seen) for one in block.channels)


def _last_agrees(block: Block, channel: RegisterChannel, seen: Sequence[bytes]) -> bool:
    *earlier, last = (block.part(channel, one) for one in seen)
    return any(channel.agree(one, last) for one in earlier)


def _unlike(channel: RegisterChannel, mine: bytes, theirs: bytes) -> bool:
    """Whether bytes, of which `theirs` may be the beginning only, are surely not the same value."""
    if len(theirs) == len(mine):
        return not channel.agree(mine, theirs)
    if channel.tolerance or channel.bits is not None:
        return False
    return mine[: len(theirs)] != theirs
