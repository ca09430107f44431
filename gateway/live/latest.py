"""The live hub: the newest stored reading of each device."""

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.model.reading import StoredReading


class LiveHub:
    """Fed by the journal after each commit; read from any thread."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._writing = threading.Lock()  # guards the replacement of _latest
        self._latest: Mapping[str, StoredReading] = MappingProxyType({})

    def publish(self, stored: Sequence[StoredReading]) -> None:
        """Take newly stored readings, oldest first."""
        with self._writing:
            latest = dict(self._latest)
            for one in stored:
                device = one.reading.device
                if device not in latest or latest[device].row < one.row:
                    latest[device] = one
            self._latest = MappingProxyType(latest)

    def latest(self) -> Sequence[StoredReading]:
        """The newest reading of every device, ordered by device."""
        return [stored for _, stored in sorted(self._latest.items())]
