"""What a part brings.

The module that `gateway/parts.py` names has a `SECTION` (see `gateway.config.section`) and a function
`build(host, settings)`. It may have more:

- `RESOURCES`: names of modules in `api/resources/`, each with a `resource`.
- `VIEW`: a `PartView`, the part's view of the page.
- `COMMANDS`: commands of the command line, by name; a module or object with the attributes of
  `gateway.cli.commands.Command`.
- `checks(settings)`: yields a `Finding` for everything that `gateway check` should say.
- `start_problems(settings)`: yields a sentence for each reason not to start at all.

The module is imported when the configuration names the part, and must be cheap to import: a library that it
needs is imported by `build`, or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

# The command line imports parts for their sections alone, so this file must be cheap to import.
if TYPE_CHECKING:
    from gateway.delivery.consumer import Consumer
    from gateway.history.history import Archive
    from gateway.observe.metrics import Metric
    from gateway.runtime.worker import Worker


def _nothing() -> None:
    """Nothing has to be closed."""


@dataclass(frozen=True, slots=True)
class Part:
    """What `build` returns; all of it is optional.

    `consumers` makes the consumers of the journal that share one worker, `delivery-NAME`; it is called for
    their names and kinds when the part is built, and again each time that the worker is started, and must not
    connect to anything. The journal keeps what they have not taken. `workers` are started before the
    collection, in this order. `status` is the part's entry in `parts` of GET /status and `metrics` its lines
    of /metrics; both are called from request threads. `archive` has readings that the journal no longer
    keeps. `api` is what the part's resources work on: they get it by the part's name. `close` is called once,
    when all workers have stopped.
    """

    consumers: Callable[[], Sequence[Consumer]] | None = None
    workers: Sequence[tuple[str, Callable[[], Worker]]] = ()
    status: Callable[[], Mapping[str, object]] | None = None
    metrics: Callable[[], Iterable[Metric]] | None = None
    archive: Archive | None = None
    api: object = None
    close: Callable[[], None] = _nothing
