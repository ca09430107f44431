"""What the driver's and the server's errors mean for the batch, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from gateway.delivery.consumer import SinkUnavailable

_DUPLICATE = 11000
_LONGEST_REASON = 500

# Codes that speak of the state of the server and not of the document: the same write will do later.
_SERVER_STATE = {
    1: "it reports an internal error",
    6: "it cannot reach another member",
    7: "it cannot find another member",
    8: "it reports an unknown error",
    24: "it is busy",
    46: "it is busy",
    50: "it did not finish in time",
    63: "its cluster is changing",
    64: "the write was not confirmed by enough members",
    89: "its own network is too slow",
    91: "it is shutting down",
    100: "not enough members are up to confirm a write",
    112: "it is busy with a conflicting write",
    133: "no suitable member is up",
    150: "its cluster is changing",
    175: "its cluster is changing",
    189: "its primary has just changed",
    202: "it is short of resources",
    234: "its cluster is changing",
    262: "it did not finish in time",
    290: "it did not finish in time",
    314: "it is low on disk space",
    317: "it is short of connections",
    462: "it is overloaded",
    9001: "its own network failed",
    10058: "it is not the primary",
    10107: "it is not the primary",
    11600: "it is shutting down",
    11601: "the write was interrupted",
    11602: "its primary has just changed",
    13388: "its cluster is changing",
    13435: "it is not the primary",
    13436: "it is starting or recovering",
    14031: "its disk is full",
}

_MAY_NOT = "the user in MONGO_URI may not write to it; give the role readWrite on the database"
# Codes that only a person can do something about.
_ACCESS = {
    11: "it does not know the user; check user name and authSource in MONGO_URI",
    13: _MAY_NOT,
    18: "it refuses the user; check user name, password and authSource in MONGO_URI",
    31: _MAY_NOT,
    33: "it refuses the way of logging in; check authMechanism in MONGO_URI",
    79: "it does not know the write concern; check w in MONGO_URI",
    166: "`readings` is a view; delivery needs an ordinary collection",
    334: "it refuses the way of logging in; check authMechanism in MONGO_URI",
    8000: "the service refuses; check user name, password and the quota of the account",
}


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """The `index`-th document of a batch will never be taken, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class BatchVerdict:
    """What became of a batch that was not stored whole: the rest of it is stored."""

    duplicates: int
    failures: tuple[WriteFailure, ...]


def judge_batch(error: BulkWriteError) -> BatchVerdict:
    """Sort out which documents are there and which never will be.

    Raises `SinkUnavailable` if the server's state stood in the way of any of them.
    """
    details = error.details or {}
    if concern := details.get("writeConcernErrors"):
        raise SinkUnavailable(
            f"MongoDB has not confirmed a write: {concern[0].get('errmsg', 'no reason given')}"
        ) from error
    duplicates = 0
    failures = []
    for failure in _write_errors(details):
        code = failure.get("code")
        if code == _DUPLICATE and failure.get("keyPattern") == {"_id": 1}:
            duplicates += 1
            continue
        if (unavailable := _by_code(code)) is not None:
            raise unavailable from error
        failures.append(WriteFailure(int(failure["index"]), _reason(failure)))
    return BatchVerdict(duplicates, tuple(failures))


def _write_errors(details: Any) -> Sequence[dict[str, Any]]:
    errors: Sequence[dict[str, Any]] = details.get("writeErrors", ())
    return errors


def _reason(failure: dict[str, Any]) -> str:
    text = f"MongoDB refuses it: {failure.get('errmsg', 'no reason given')} "
    return f"{text[:_LONGEST_REASON]}(code {failure.get('code')})"


def judge(error: PyMongoError) -> SinkUnavailable | None:
    """What an error of a whole call means; None if it may be about the documents after all."""
    if isinstance(error, InvalidURI | ConfigurationError):
        return SinkUnavailable(
            f"MongoDB cannot be used as configured; check MONGO_URI: {_short(error)}",
            misconfigured=True,
        )
    if isinstance(error, WTimeoutError):
        return SinkUnavailable("MongoDB has not confirmed a write in time")
    if isinstance(error, OperationFailure):
        return _by_code(error.code) or _by_label(error)
    if isinstance(error, ServerSelectionTimeoutError):
        return SinkUnavailable(f"no MongoDB server can be reached: {_short(error)}")
    if isinstance(error, ConnectionFailure):
        what = "does not answer in time" if error.timeout else "broke the connection off"
        return SinkUnavailable(f"MongoDB {what}: {_short(error)}")
    if error.timeout:
        return SinkUnavailable(f"MongoDB does not answer in time: {_short(error)}")
    return None


def _by_code(code: Any) -> SinkUnavailable | None:
    if code in _ACCESS:
        return SinkUnavailable(f"MongoDB: {_ACCESS[code]} (code {code})", misconfigured=True)
    if code in _SERVER_STATE:
        return SinkUnavailable(f"MongoDB: {_SERVER_STATE[code]} (code {code})")
    return None


def _by_label(error: OperationFailure) -> SinkUnavailable | None:
    # The server's own word that the same write may do later, for codes newer than the table.
    labels = ("RetryableWriteError", "TransientTransactionError", "SystemOverloadedError")
    if error.timeout or any(error.has_error_label(label) for label in labels):
        return SinkUnavailable(f"MongoDB: {_short(error)}")
    return None


def _short(error: PyMongoError) -> str:
    # The driver appends its whole view of the cluster and its own settings to the cause.
    text = str(error).partition(", Timeout:")[0].partition(", full error:")[0]
    text = text.partition(" (configured timeouts:")[0]
    return text[:_LONGEST_REASON]
