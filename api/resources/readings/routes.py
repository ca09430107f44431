"""GET /devices/{id}/readings and /readings/latest."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, TypeVar

from flask import Response, jsonify, request
from waitress.channel import ClientDisconnected

from api.context import ports
from api.negotiation import JSON, negotiated
from api.paging import checking_cursor
from api.problems import Problem, unknown_device
from api.resource import Resource
from api.resources.readings import csv_rows, senml
from api.resources.readings.document import (
    CSV,
    READING,
    READING_LIST,
    SENML,
    WINDOW_LIST,
    LatestListSchema,
    ReadingListSchema,
    ReadingQuerySchema,
    WindowListSchema,
    latest_document,
    reading_document,
    window_document,
)
from api.streams import stream_response, streams
from arduino_iface.values import ValueType
from gateway.history.history import History, HistoryUnavailable
from gateway.journal.types import Order
from gateway.model.limits import NO_LIMITS, Limits
from gateway.model.reading import StoredReading
from gateway.model.windows import Aggregate, ChannelKind, Window, WindowQuery

resource = Resource("readings", "What the devices measured.")

_LIMIT = 100
_CHUNK_BYTES = 16 * 1024
_WINDOWS_AT_A_TIME = 1000
_END_MS = 253_402_300_800_000  # of the year 9999

_T = TypeVar("_T")


@resource.get(
    "/devices/<id>/readings",
    query=ReadingQuerySchema,
    media={
        JSON: {
            "schema": {"oneOf": [ReadingListSchema, WindowListSchema]},
            "examples": {
                "readings": {"value": READING_LIST},
                "windows": {"value": WINDOW_LIST},
            },
        },
        csv_rows.CONTENT_TYPE: {"schema": {"type": "string"}, "example": CSV},
        senml.CONTENT_TYPE: {
            "schema": {"type": "array", "items": {"type": "object"}},
            "example": SENML,
        },
    },
    errors=["unknown_device", "not_acceptable", "too_many_streams", "history_unavailable"],
)
def list_readings(id: str, query: Mapping[str, Any]) -> Response:
    """List the stored readings of one device, or sum them up over windows of time.

    Also of a device that is no longer there, as long as readings of it are stored. `Accept` chooses JSON,
    CSV or SenML; CSV and SenML are streamed, with everything in the range unless `limit` says otherwise.
    """
    content_type = negotiated([JSON, csv_rows.CONTENT_TYPE, senml.CONTENT_TYPE])
    with checking_cursor(query["cursor"]):
        if content_type != JSON:
            response = _export_or_problem(_HistoryRequest.of(id, query), content_type)
        elif query["every"]:
            response = _HistoryRequest.of(id, query).windows()
        else:
            response = _page(id, query)
    response.vary.add("Accept")
    return response


def _page(device: str, query: Mapping[str, Any]) -> Response:
    """A page of readings as JSON."""
    page = ports().history.page(
        device,
        query["since"],
        query["until"],
        query["limit"] or _LIMIT,
        Order(query["order"]),
        query["cursor"],
    )
    if not page.readings and ports().devices.get(device) is None and not _newest(device):
        raise unknown_device(device)
    documents = [reading_document(_chosen(stored, query["channels"])) for stored in page.readings]
    return jsonify({"readings": documents, "next": page.next, "complete": page.complete})


def _chosen(stored: StoredReading, wanted: Sequence[str] | None) -> StoredReading:
    """A reading with only the channels asked for."""
    if wanted is None:
        return stored
    values = stored.reading.values
    kept = {name: values[name] for name in wanted if name in values}
    return replace(stored, reading=replace(stored.reading, values=kept))


def _newest(device: str) -> Sequence[StoredReading]:
    """The newest stored reading of a device, if it has one."""
    return ports().history.page(device, None, None, 1, Order.DESC, None).readings


@dataclass(frozen=True, slots=True)
class _HistoryRequest:
    """One request for a device's history."""

    device: str
    query: Mapping[str, Any]
    history: History
    units: Mapping[str, str | None]
    kinds: Mapping[str, ChannelKind]
    limits: Mapping[str, Limits]

    @classmethod
    def of(cls, device: str, query: Mapping[str, Any]) -> "_HistoryRequest":
        """Also for a device that is gone, as long as something of it is stored."""
        gateway = ports()
        view = gateway.devices.get(device)
        channels = view.schema.channels if view is not None and view.schema is not None else ()
        newest = _newest(device)
        if view is None and not newest:
            raise unknown_device(device)
        kinds = {
            channel.name: (
                ChannelKind.TRUTH if channel.type is ValueType.BOOL else ChannelKind.NUMBER
            )
            for channel in channels
        }
        for stored in newest:
            for name, value in stored.reading.values.items():
                if name not in kinds:
                    kinds[name] = ChannelKind.NUMBER if value is None else ChannelKind.of(value)
        units = {channel.name: channel.unit for channel in channels}
        limits = NO_LIMITS if view is None else view.limits
        return cls(device, query, gateway.history, units, kinds, limits)

    @property
    def channels(self) -> Sequence[str]:
        """Those asked for, or all that are known."""
        return self.query["channels"] or tuple(self.kinds)

    @property
    def order(self) -> Order:
        """As asked for."""
        return Order(self.query["order"])

    @property
    def aggregates(self) -> Sequence[Aggregate]:
        """As asked for; the mean unless something is."""
        return [Aggregate(one) for one in self.query["agg"] or ("mean",)]

    def windows(self) -> Response:
        """A page of windows as JSON."""
        page = self.history.window_page(
            self._window_query(), self.query["limit"] or _LIMIT, self.order, self.query["cursor"]
        )
        return jsonify(
            {
                "windows": [window_document(window) for window in page.windows],
                "every_s": self.query["every"] / 1000,
                "next": page.next,
                "complete": page.complete,
            }
        )

    def every_reading(self) -> Iterator[StoredReading]:
        """From the cursor on, and up to the limit if there is one."""
        limit, cursor = self.query["limit"], self.query["cursor"]
        since_ms, until_ms = self.query["since"], self.query["until"]
        if limit is None and cursor is None:
            yield from self.history.every(self.device, since_ms, until_ms, self.order)
            return
        page = self.history.page(
            self.device, since_ms, until_ms, limit or _LIMIT, self.order, cursor
        )
        if not page.complete:
            raise HistoryUnavailable("older readings are out of reach")
        yield from page.readings

    def every_window(self) -> Iterator[Window]:
        """The same for windows."""
        limit, cursor = self.query["limit"], self.query["cursor"]
        windows = self._windows_from(cursor)
        return windows if limit is None else islice(windows, limit)

    def _windows_from(self, cursor: str | None) -> Iterator[Window]:
        while True:
            page = self.history.window_page(
                self._window_query(), _WINDOWS_AT_A_TIME, self.order, cursor
            )
            if not page.complete:
                raise HistoryUnavailable("older readings are out of reach")
            yield from page.windows
            cursor = page.next
            if cursor is None:
                return

    def _window_query(self) -> WindowQuery:
        since_ms, until_ms = self.query["since"], self.query["until"]
        return WindowQuery(
            device=self.device,
            channels={name: self.kinds.get(name, ChannelKind.NUMBER) for name in self.channels},
            aggregates=self.aggregates,
            every_ms=self.query["every"],
            since_ms=0 if since_ms is None else since_ms,
            until_ms=_END_MS if until_ms is None else until_ms,
            limits=self.limits,
        )


def _export_or_problem(asked: _HistoryRequest, content_type: str) -> Response:
    try:
        return _export(asked, content_type)
    except HistoryUnavailable as error:
        raise Problem(
            "history_unavailable",
            f"{error}; ask for JSON to get what the journal has",
            headers={"Retry-After": "10"},
        ) from error


def _export(asked: _HistoryRequest, content_type: str) -> Response:
    """Everything in the range, streamed; what goes wrong before the first row is a proper problem."""
    windows = bool(asked.query["every"])
    if content_type == csv_rows.CONTENT_TYPE:
        body = (
            csv_rows.windows_csv(_begun(asked.every_window()), asked.channels, asked.aggregates)
            if windows
            else csv_rows.readings_csv(_begun(asked.every_reading()), asked.channels)
        )
        content_type += "; charset=utf-8; header=present"
    elif windows:
        body = senml.windows_pack(_begun(asked.every_window()), asked.device, asked.units)
    else:
        body = senml.readings_pack(
            _begun(asked.every_reading()),
            asked.device,
            asked.query["channels"],
            asked.units,
        )
    if request.method == "HEAD":
        return stream_response(iter(()), content_type, None)
    return stream_response(_in_chunks(body, streams().ending), content_type, streams().take())


def _begun(items: Iterator[_T]) -> Iterator[_T]:
    """The same items, the first of them already there."""
    return chain(list(islice(items, 1)), items)


def _in_chunks(pieces: Iterable[bytes], ending: Callable[[], bool]) -> Iterator[bytes]:
    """Fewer and larger pieces: each one costs a lock and a system call."""
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        if len(chunk) >= _CHUNK_BYTES:
            if ending():
                # Cut off, so that the client does not take a part for the whole.
                raise ClientDisconnected
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


@resource.get(
    "/readings/latest",
    reply=LatestListSchema,
    example={"readings": [{**READING, "age_s": 0.412, "stale": False}], "next": None},
)
def latest_readings() -> Response:
    """Get the newest reading of every device."""
    gateway = ports()
    now_ms, now_mono = gateway.status.now_ms(), gateway.status.now_mono()
    documents = [
        latest_document(stored, gateway.devices.get(stored.reading.device), now_ms, now_mono)
        for stored in gateway.latest.latest()
    ]
    return jsonify({"readings": documents, "next": None})
