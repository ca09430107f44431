"""A batch of documents, of which some may be refused for good: the others are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bson.errors import InvalidDocument
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from gateway.delivery.consumer import Rejected
from gateway.sinks.mongo.documents import Document, fault_of
from gateway.sinks.mongo.errors import BatchVerdict, judge, judge_batch

_ALL_STORED = BatchVerdict(0, ())
# What the driver, or the server for a document over 16 MB, says of a whole batch with a bad one in it.
_MAYBE_POISON = (
    DocumentTooLarge,
    InvalidDocument,
    OperationFailure,
    OverflowError,
    TypeError,
    ValueError,
)

Name = tuple[int, str]
"""Number and key (or id) of an entry."""


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of a batch: everything that is not rejected is stored."""

    duplicates: int
    rejected: tuple[Rejected, ...]


def write_batch(
    names: Sequence[Name],
    documents: Sequence[Document],
    write: Callable[[Sequence[Document]], None],
) -> BatchOutcome:
    """Write all but what the driver cannot encode or the server refuses for good.

    Raises what `write` raises for other reasons.
    """
    try:
        verdict = _verdict(documents, write)
    except _MAYBE_POISON as error:
        if isinstance(error, OperationFailure) and judge(error) is not None:
            raise
        faults = [fault_of(document) for document in documents]
        if not any(faults):
            raise
    else:
        refused = (Rejected(*names[failure.index], failure.reason) for failure in verdict.failures)
        return BatchOutcome(verdict.duplicates, tuple(refused))
    bad = tuple(Rejected(*name, fault) for name, fault in zip(names, faults, strict=True) if fault)
    good = [index for index, fault in enumerate(faults) if fault is None]
    if not good:
        return BatchOutcome(0, bad)
    rest = write_batch([names[i] for i in good], [documents[i] for i in good], write)
    return BatchOutcome(rest.duplicates, bad + rest.rejected)


def _verdict(
    documents: Sequence[Document], write: Callable[[Sequence[Document]], None]
) -> BatchVerdict:
    try:
        write(documents)
    except BulkWriteError as error:
        return judge_batch(error)
    return _ALL_STORED
