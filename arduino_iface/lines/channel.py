"""One measured quantity in printed lines: from a field to the value of its channel."""

from dataclasses import dataclass
from decimal import Decimal

from arduino_iface.lines.numbers import as_type, convert, quantity
from arduino_iface.schema import Channel
from arduino_iface.values import Number, Readable, ValueType, within

UNIT_CORRECTED_AFTER = 3
"""A unit that is printed so often in succession, instead of another or of none, is the right one."""


@dataclass(frozen=True, slots=True)
class LineChannel:
    """One measured quantity in the lines: value = `field` x scale + offset, in `unit`.

    `type` is F64, I64, BOOL or TEXT. A value outside `minimum` and `maximum` is kept, and marked as out of
    range. `missing`: printed numbers and texts that mean "no value".
    """

    name: str
    field: str
    type: ValueType = ValueType.F64
    unit: str | None = None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    minimum: Number | None = None
    maximum: Number | None = None
    missing: tuple[Number | str, ...] = ()

    @property
    def described(self) -> Channel:
        """The channel as a schema describes it."""
        return Channel(self.name, self.type, self.unit, self.scale, self.offset)

    def value(
        self, field: object, decimal: str = ".", printed: "PrintedUnit | None" = None
    ) -> Readable:
        """The value of a field; None when missing, also when its unit is not the usual one in `printed`.

        `decimal` is the mark before the fraction. Raises `Unreadable`.
        """
        if isinstance(field, str) and field.strip() in self.missing:
            return None
        if self.type in (ValueType.BOOL, ValueType.TEXT):
            raw = convert(field, self.type, decimal)
            return raw if isinstance(raw, str) else self.described.value(raw)
        found = quantity(field, decimal)
        number = as_type(found.number, self.type)
        if number is None or number in self.missing:
            return None
        if printed is not None and not printed.fits(found.unit):
            return None
        return self.described.value(number)

    def fits(self, value: Readable) -> bool:
        """Whether a value is within the limits; true for everything that is not a number."""
        return within(value, self.minimum, self.maximum)


class PrintedUnit:
    """The unit that a sketch prints behind one quantity: 950 g and then 1.2 kg are not of one scale."""

    def __init__(self) -> None:
        self.unit: str | None = None
        self._alone = 0  # numbers without a unit so far
        self._others = 0  # of another unit, in succession

    def meet(self, unit: str | None) -> None:
        """Take the first unit."""
        if self.unit is None and self._alone < UNIT_CORRECTED_AFTER:
            self.unit = unit

    def fits(self, unit: str | None) -> bool:
        """Whether a number with this unit is of the usual scale; a number alone is."""
        self.meet(unit)
        if unit is None or unit == self.unit:
            self._alone += unit is None
            self._others = 0
            return True
        self._others += 1
        if self._others < UNIT_CORRECTED_AFTER:
            return False
        self.unit, self._others = unit, 0
        return True
