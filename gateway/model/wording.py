"""Counts in sentences."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """`number` with the noun that fits: "1 line", "2 lines". `many` is `one` with an "s" unless given."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
