"""The parts that the configuration names, from import to close."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import ModuleType

from gateway.config.settings import Settings
from gateway.delivery.consumer import Consumer
from gateway.delivery.state import DeliveryState
from gateway.delivery.worker import DeliveryWorker
from gateway.history.history import Archive
from gateway.host.host import Host
from gateway.host.part import Part
from gateway.host.view import PartView
from gateway.model.finding import Finding
from gateway.observe.metrics import Metric
from gateway.parts import PARTS, PartLine
from gateway.runtime.worker import Worker


class Parts:
    """The parts in use. Made and built by the main thread; the rest may be called from any thread."""

    def __init__(self, settings: Settings, table: Sequence[PartLine] = PARTS) -> None:
        self._modules: dict[str, ModuleType] = {
            line.name: importlib.import_module(line.module)
            for line in table
            if line.name in settings.parts
        }
        self._settings = settings.parts
        self._parts: dict[str, Part] = {}
        self._deliveries: dict[str, DeliveryWorker] = {}

    def start_problems(self) -> Iterator[str]:
        """Reasons not to start, a sentence each."""
        for name, module in self._modules.items():
            if hasattr(module, "start_problems"):
                yield from module.start_problems(self._settings[name])

    def checks(self) -> Iterator[Finding]:
        """What `gateway check` should say of the parts."""
        for name, module in self._modules.items():
            if hasattr(module, "checks"):
                yield from module.checks(self._settings[name])

    def build(self, host: Host) -> None:
        """Build every part, and have the journal keep what their consumers have not taken."""
        for name, module in self._modules.items():
            part = module.build(host, self._settings[name])
            if part is None:
                continue  # its section is there, but what it says asks for nothing
            self._parts[name] = part
            for consumer in part.consumers() if part.consumers else ():
                if consumer.kinds:
                    host.journal.register(consumer.name, consumer.kinds)

    def workers(self, host: Host) -> Iterator[tuple[str, Callable[[], Worker]]]:
        """The workers of the parts, in start order."""
        for name, part in self._parts.items():
            if part.consumers is not None:
                yield f"delivery-{name}", partial(self._deliver, name, part.consumers, host)
            yield from part.workers

    def _deliver(
        self, name: str, consumers: Callable[[], Sequence[Consumer]], host: Host
    ) -> DeliveryWorker:
        worker = DeliveryWorker(name, consumers(), host.journal, host.reader, host.clock)
        self._deliveries[name] = worker
        return worker

    def deliveries(self) -> Sequence[DeliveryState]:
        """How each delivery is doing."""
        return [worker.state() for worker in self._deliveries.values()]

    def status(self) -> Mapping[str, Mapping[str, object]]:
        """What the parts say of themselves, by part."""
        return {name: part.status() for name, part in self._parts.items() if part.status}

    def metrics(self) -> Iterator[Metric]:
        """What the parts count."""
        for part in self._parts.values():
            if part.metrics is not None:
                yield from part.metrics()

    @property
    def archive(self) -> Archive | None:
        """The first part's store of old readings, None: the journal is the only one."""
        return next((part.archive for part in self._parts.values() if part.archive), None)

    @property
    def resources(self) -> tuple[str, ...]:
        """Modules of the API."""
        return tuple(
            resource
            for name in self._parts
            for resource in getattr(self._modules[name], "RESOURCES", ())
        )

    @property
    def views(self) -> tuple[PartView, ...]:
        """Views of the page."""
        modules = (self._modules[name] for name in self._parts)
        return tuple(module.VIEW for module in modules if hasattr(module, "VIEW"))

    @property
    def api(self) -> Mapping[str, object]:
        """What the resources of each part work on."""
        return {name: part.api for name, part in self._parts.items()}

    def close(self) -> None:
        """Close every part; after all workers have stopped."""
        for part in self._parts.values():
            part.close()
