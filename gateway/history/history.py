"""The readings of a device, however old: from the journal, and before that from an archive.

The journal goes first: what it has, it answers. Only what is older than its oldest reading of the device is
asked of the archive (MongoDB), which has everything that the journal let go after delivery. When the archive
does not answer, there is what the journal has, and the answer says that it is not complete.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.journal.cursors import decode_cursor, encode_cursor
from gateway.journal.errors import InvalidCursor
from gateway.journal.reader import JournalReader
from gateway.journal.types import Order
from gateway.model.reading import StoredReading
from gateway.model.windows import Window, WindowQuery, summed_up

_PAGE = 1000
_ARCHIVE_MARK = "a."


class HistoryUnavailable(Exception):
    """The archive does not answer now."""


class Archive(Protocol):
    """Older readings than the journal has."""

    def readings(
        self,
        device: str,
        since_ms: int | None,
        until_ms: int | None,
        *,
        limit: int,
        descending: bool,
        after: tuple[int, str] | None,
    ) -> Sequence[StoredReading]:
        """Readings in the order of time and key, behind `after`. Raises `HistoryUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some readings. `complete` is False when older ones may be missing: the archive did not answer."""

    readings: Sequence[StoredReading]
    next: str | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class WindowPage:
    """Some windows; `next` and `complete` as for readings."""

    windows: Sequence[Window]
    next: str | None
    complete: bool = True


class History:
    """Journal and archive as one. Any thread may use it."""

    def __init__(self, reader: JournalReader, archive: Archive | None = None) -> None:
        """Reads nothing yet; `archive` None: there is the journal alone."""
        self._reader = reader
        self._archive = archive

    def page(
        self,
        device: str,
        since_ms: int | None,
        until_ms: int | None,
        limit: int,
        order: Order,
        cursor: str | None,
    ) -> HistoryPage:
        """One page. Raises `InvalidCursor`, and `JournalError` as the reader does."""
        if self._archive is None:
            page = self._reader.readings(
                device,
                since_ms=since_ms,
                until_ms=until_ms,
                limit=limit,
                order=order,
                cursor=cursor,
            )
            return HistoryPage(page.readings, page.next)
        span = self._reader.span(device)
        boundary = span[0] if span else None
        asked = _Asked(device, since_ms, until_ms, limit, order, boundary)
        if order is Order.ASC:
            return self._ascending(self._archive, asked, cursor)
        return self._descending(self._archive, asked, cursor)

    def every(
        self, device: str, since_ms: int | None, until_ms: int | None, order: Order
    ) -> Iterator[StoredReading]:
        """All of them, a page at a time. Raises `HistoryUnavailable` where a page is not complete."""
        cursor = None
        while True:
            page = self.page(device, since_ms, until_ms, _PAGE, order, cursor)
            if not page.complete:
                raise HistoryUnavailable("older readings are out of reach")
            yield from page.readings
            cursor = page.next
            if cursor is None:
                return

    def windows(self, query: WindowQuery) -> tuple[Sequence[Window], bool]:
        """The windows of a query, oldest first, and whether they are complete."""
        if self._archive is None:
            return self._reader.windows(query), True
        span = self._reader.span(query.device)
        if span is not None and span[0] <= query.since_ms:
            return self._reader.windows(query), True
        # The window in which the journal begins is summed up from both, so from single readings.
        every = query.every_ms
        seam = query.until_ms if span is None else (span[0] // every + 1) * every
        older = replace(query, until_ms=min(seam, query.until_ms))
        try:
            readings = self.every(query.device, older.since_ms, older.until_ms, Order.ASC)
            windows = list(summed_up((one.reading for one in readings), older))
        except HistoryUnavailable:
            return self._reader.windows(query), False
        if older.until_ms < query.until_ms:
            windows += self._reader.windows(replace(query, since_ms=older.until_ms))
        return windows, True

    def window_page(
        self, query: WindowQuery, limit: int, order: Order, cursor: str | None
    ) -> WindowPage:
        """At most `limit` windows of a query, and of a long query only what they need is read.

        Raises `InvalidCursor`, and `JournalError` as the reader does.
        """
        if cursor is not None:
            (edge,) = decode_cursor(cursor, order, 1)
            if order is Order.ASC:
                query = replace(query, since_ms=max(query.since_ms, edge))
            else:
                query = replace(query, until_ms=min(query.until_ms, edge))
        ends, complete = self._ends(query)
        if ends is None:
            return WindowPage([], None, complete)
        every = query.every_ms
        if order is Order.ASC:
            first = ends[0] // every * every
            part = replace(query, until_ms=min(query.until_ms, first + limit * every))
            more, position = ends[1] >= part.until_ms, part.until_ms
        else:
            last = ends[1] // every * every
            part = replace(query, since_ms=max(query.since_ms, last - (limit - 1) * every))
            more, position = ends[0] < part.since_ms, part.since_ms
        windows, all_there = self.windows(part)
        if order is Order.DESC:
            windows = list(reversed(windows))
        following = encode_cursor(order, position) if more else None
        return WindowPage(windows, following, complete and all_there)

    def _ends(self, query: WindowQuery) -> tuple[tuple[int, int] | None, bool]:
        """Times of the oldest and newest reading in the range of a query, and whether that is certain."""
        span = self._reader.span(query.device, query.since_ms, query.until_ms)
        whole = self._reader.span(query.device)
        if self._archive is None or (whole is not None and whole[0] <= query.since_ms):
            return span, True
        until = query.until_ms if whole is None else min(query.until_ms, whole[0])
        try:
            older = [
                self._archive.readings(
                    query.device, query.since_ms, until, limit=1, descending=descending, after=None
                )
                for descending in (False, True)
            ]
        except HistoryUnavailable:
            return span, False
        times = [one.reading.time_ms for found in older for one in found] + list(span or ())
        return ((min(times), max(times)) if times else None), True

    def _ascending(self, archive: Archive, asked: "_Asked", cursor: str | None) -> HistoryPage:
        if cursor is not None and not cursor.startswith(_ARCHIVE_MARK):
            return self._of_journal(asked, asked.limit, cursor)
        after = None if cursor is None else _decode(cursor, asked.order)
        found: Sequence[StoredReading] = ()
        complete = True
        if asked.reaches_back:
            try:
                found = archive.readings(
                    asked.device, asked.since_ms, asked.until_of_archive,
                    limit=asked.limit + 1, descending=False, after=after,
                )  # fmt: skip
            except HistoryUnavailable:
                complete = False
        if len(found) > asked.limit:
            page = found[: asked.limit]
            return HistoryPage(page, _encode(asked.order, page[-1]))
        rest = asked.limit - len(found)
        if rest == 0:
            return HistoryPage(found, _encode(asked.order, found[-1]))
        page_of_journal = self._of_journal(asked, rest, None)
        return HistoryPage([*found, *page_of_journal.readings], page_of_journal.next, complete)

    def _descending(self, archive: Archive, asked: "_Asked", cursor: str | None) -> HistoryPage:
        after = None
        newer: Sequence[StoredReading] = ()
        if cursor is not None and cursor.startswith(_ARCHIVE_MARK):
            after = _decode(cursor, asked.order)
        else:
            page = self._of_journal(asked, asked.limit, cursor)
            if page.next is not None or not asked.reaches_back:
                return page
            newer = page.readings
        rest = asked.limit - len(newer)
        try:
            # One more than needed says whether there is a following page; also when none is needed.
            older = archive.readings(
                asked.device, asked.since_ms, asked.until_of_archive,
                limit=rest + 1, descending=True, after=after,
            )  # fmt: skip
        except HistoryUnavailable:
            return HistoryPage(newer, None, complete=False)
        readings = [*newer, *older[:rest]]
        more = len(older) > rest
        return HistoryPage(readings, _encode(asked.order, readings[-1]) if more else None)

    def _of_journal(self, asked: "_Asked", limit: int, cursor: str | None) -> HistoryPage:
        page = self._reader.readings(
            asked.device,
            since_ms=asked.since_ms,
            until_ms=asked.until_ms,
            limit=limit,
            order=asked.order,
            cursor=cursor,
        )
        return HistoryPage(page.readings, page.next)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and the time of the journal's oldest reading of the device (None: it has none)."""

    device: str
    since_ms: int | None
    until_ms: int | None
    limit: int
    order: Order
    boundary_ms: int | None

    @property
    def reaches_back(self) -> bool:
        """Whether the range begins before the journal does."""
        return self.boundary_ms is None or self.since_ms is None or self.since_ms < self.boundary_ms

    @property
    def until_of_archive(self) -> int | None:
        """Where the archive's part ends."""
        bounds = [one for one in (self.until_ms, self.boundary_ms) if one is not None]
        return min(bounds, default=None)


def _encode(order: Order, behind: StoredReading) -> str:
    text = json.dumps([order.value, behind.reading.time_ms, behind.key])
    return _ARCHIVE_MARK + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: Order) -> tuple[int, str]:
    try:
        padded = cursor.removeprefix(_ARCHIVE_MARK).encode("ascii")
        padded += b"=" * (-len(padded) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidCursor("the cursor was not issued by this gateway") from error
    match found:
        case [str(given), int(time_ms), str(key)] if given == order.value and abs(time_ms) < 2**63:
            return time_ms, key
    raise InvalidCursor("the cursor was not issued by this gateway")
