"""Cursors come from the caller: an invalid one is their mistake, any other `ValueError` the gateway's."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import Problem


@contextmanager
def checking_cursor(cursor: str | None) -> Iterator[None]:
    """Turn the refusal of the cursor into a problem that names it."""
    try:
        yield
    except ValueError as error:
        if cursor is None:
            raise
        sentence = "is not a cursor of this list"
        raise Problem(
            "invalid_parameter", f"cursor: {sentence}", problems={"cursor": sentence}
        ) from error
