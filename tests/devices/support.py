"""Pollers of a configuration, on no hardware."""

from collections.abc import Mapping
from pathlib import Path

from gateway.collection.poller import DevicePoller
from gateway.config.settings import Settings
from gateway.devices.buses import Buses, RealTransports
from gateway.devices.labels import Labels
from gateway.devices.maker import DeviceMaker
from gateway.journal.journal import Journal
from gateway.model.registry import Registry
from tests.support.clock import FakeClock


def configured(settings: Settings, folder: Path) -> Mapping[str, DevicePoller]:
    """The pollers by device; nothing is opened."""
    clock = FakeClock()
    journal = Journal(folder / "journal.db", clock=clock)
    buses = Buses(settings.buses, RealTransports())
    maker = DeviceMaker(buses, journal, Registry(), clock, Labels(journal), simulated=False)
    return {one.id: maker.configured(one) for one in settings.devices}
