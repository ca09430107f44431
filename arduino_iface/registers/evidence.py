"""What a sketch's answers have shown so far: that it heeds the number, and how many bytes it sends.

A sketch that reads the number and drops it sends the same packet for every number, and no order of reads
tells: all answers then begin alike. So the gateway looks for two numbers whose answers stay apart while it
asks for them in turn, once. Until it has seen that, readings are not verified. What was seen holds until the
board falls silent.

A read of more bytes than the sketch sends is filled up with FF. Bytes that were never anything else are not
verified either.
"""

from collections.abc import Callable, Mapping, Sequence

from arduino_iface.registers.map import Layout, RegisterMap
from arduino_iface.registers.passes import ROW, Confirmed
from arduino_iface.registers.types import TextType

ROUNDS = 10
"""So often the answers for two numbers must stay apart.

If the number were ignored and the packet were noise, one byte would be higher in all of one kind with a
chance of 1 in 90 000.
"""

LATENESS_MAX = 8
"""An answer that is late by more requests is not known for one."""

UNHEEDED = (
    "nothing shows that the sketch heeds the register number;"
    ' if it sends the same for every number, set layout = "packet"'
)
ALIKE = "the registers hold the same, so nothing shows that the sketch answers the last request"
CLEARED = "a value was not zero and then zero; if reading clears it, set clears = true"
UNSENT = "bytes were never anything but FF; the sketch may send fewer than are read"
LATE = "the sketch answers late; set settle to the time that it needs"
ONCE = "what is cleared by reading is read once only"
SILENT = "the sketch did not answer when it was asked for a register in the middle of others"

Request = tuple[int, int]
"""Number and length of one read."""


class Evidence:
    """Of one board. Used by one thread at a time."""

    def __init__(self, registers: RegisterMap) -> None:
        """Nothing is known yet."""
        self._blocks = registers.blocks()
        self._layout = registers.layout
        self._heeded = False
        self._sent: dict[int, int] = {}
        self._failed = 0
        self.lateness: int | None = None
        """By how many requests it was seen to answer late; None: not known."""

    def forget(self) -> None:
        """What answers next may be another sketch."""
        self._heeded = False
        self._sent = {}
        self.lateness = None

    def doubt(self, confirmed: Confirmed, ask: Callable[[Request], bytes]) -> str | None:
        """Why what was confirmed cannot be relied on, None if it can; `ask` reads more if need be.

        Raises what `ask` raises.
        """
        self._note_lengths(confirmed.answers)
        if not self._heeded:
            self._heeded = self._is_plain() or self._stay_apart(confirmed.answers, ask)
            if self.lateness:
                return LATE  # this sample was not read in rows that are long enough
        if not self._heeded:
            return UNHEEDED
        if not confirmed.apart:
            return ALIKE
        if confirmed.cleared:
            return CLEARED
        return None if self._all_sent(confirmed) else UNSENT

    # The number

    def _is_plain(self) -> bool:
        """Whether it does not matter if the sketch heeds the number."""
        if self._layout is Layout.PACKET:
            return True
        blocks = [one for one in self._blocks if not one.once]
        if len(blocks) != 1:
            return not blocks
        return self._layout is Layout.ANSWERS or (blocks[0].register == 0 and not blocks[0].pieces)

    def _stay_apart(self, answers: Mapping[int, bytes], ask: Callable[[Request], bytes]) -> bool:
        pairs = _unlike_pairs(self._expected(answers))
        if not pairs:
            return False
        pair = pairs[self._failed % len(pairs)]
        self._failed += 1
        # Twice, since a loop that stands still for a moment looks like one that is late.
        measured = [_measure_lateness(one, ask) for one in (pair, pair[::-1])]
        late = [one for one in measured if one is not None]
        if len(late) < len(measured):
            return False
        # A sketch that is late only now and then mixes them up unless it is asked several times.
        for times in sorted({min(late) + 1, max(min(late) + 1, ROW), max(late) + 1}):
            if _apart(pair, ask, times):
                self._failed = 0
                self.lateness = times - 1
                return True
        return False

    def _expected(self, answers: Mapping[int, bytes]) -> Mapping[Request, bytes]:
        """What requests should give, by what was confirmed; of numbers in the configuration only."""
        found: dict[Request, bytes] = {}
        for place, data in answers.items():
            block = self._blocks[place]
            if block.once:
                continue
            for register, length in block.transactions:
                begin = register - block.register
                found[register, length] = data[begin : begin + length]
            if self._layout is Layout.REGISTERS and not block.pieces:
                for channel in block.channels:
                    begin = channel.register - block.register
                    found.setdefault((channel.register, block.length - begin), data[begin:])
        return found

    # How much is sent

    def _note_lengths(self, answers: Mapping[int, bytes]) -> None:
        for place, data in answers.items():
            sent = len(data.rstrip(b"\xff"))
            self._sent[place] = max(self._sent.get(place, 0), sent)

    def _all_sent(self, confirmed: Confirmed) -> bool:
        """Whether every value was in bytes that the sketch is known to send, or is none."""
        return all(
            block.place(channel) + channel.type.size <= self._sent.get(place, 0)
            or isinstance(channel.type, TextType)
            or _has_other_bytes(data)
            or channel.value(data) is None
            for place, block in enumerate(self._blocks)
            for channel in block.channels
            if (data := confirmed.channels.get(channel.name)) is not None
        )


def _has_other_bytes(data: bytes) -> bool:
    """Whether its last byte was sent."""
    return not data.endswith(b"\xff")


def _unlike_pairs(expected: Mapping[Request, bytes]) -> Sequence[tuple[Request, Request]]:
    """Requests whose answers would be told apart; those that differ most are first."""
    requests = sorted(expected)
    found = []
    for number, one in enumerate(requests):
        for other in requests[number + 1 :]:
            pairs = zip(expected[one], expected[other], strict=False)
            distance = max((abs(a - b) for a, b in pairs), default=0)
            if one[0] != other[0] and distance:
                found.append((-distance, one, other))
    return [(one, other) for _, one, other in sorted(found)]


def _measure_lateness(pair: tuple[Request, Request], ask: Callable[[Request], bytes]) -> int | None:
    """How many answers to the second request still were the first one's; None when it never answered."""
    length = min(one[1] for one in pair)
    before, after = ([ask(one)[:length] for _ in range(LATENESS_MAX + 1)] for one in pair)
    old, new = before[-1], after[-1]
    distance, at = max((abs(a - b), at) for at, (a, b) in enumerate(zip(old, new, strict=True)))
    if not distance:
        return None
    late = [abs(data[at] - old[at]) < abs(data[at] - new[at]) for data in after]
    return max((number + 1 for number, one in enumerate(late) if one), default=0)


def _apart(pair: tuple[Request, Request], ask: Callable[[Request], bytes], times: int) -> bool:
    """Whether one byte is always higher for one request than for the other, asked `times` in a row."""
    lows: list[list[int]] = [[], []]
    highs: list[list[int]] = [[], []]
    length = min(one[1] for one in pair)
    for turn in range(ROUNDS):
        for side, request in enumerate(pair):
            data = [ask(request) for _ in range(times)][-1][:length]
            lows[side] = [min(a, b) for a, b in zip(lows[side] or data, data, strict=True)]
            highs[side] = [max(a, b) for a, b in zip(highs[side] or data, data, strict=True)]
        if turn and not _separate(lows, highs):
            return False
    return _separate(lows, highs)


def _separate(lows: Sequence[Sequence[int]], highs: Sequence[Sequence[int]]) -> bool:
    return any(
        high < other_low or other_high < low
        for low, high, other_low, other_high in zip(
            lows[0], highs[0], lows[1], highs[1], strict=True
        )
    )
