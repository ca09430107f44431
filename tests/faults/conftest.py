"""A journal of one's own, as the journal's tests have it."""

from tests.journal.conftest import clock, disk, make, path, reader

__all__ = ["clock", "disk", "make", "path", "reader"]
