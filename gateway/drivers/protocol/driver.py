"""Driver for boards that speak the device protocol: nothing is lost, nothing counted twice."""

import logging
from collections.abc import Callable, Mapping

from arduino_iface import arguments as argument_codec
from arduino_iface import frame
from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.errors import DeviceRestarted
from arduino_iface.link import LinkCounters
from arduino_iface.measurement import CommandOutcome
from arduino_iface.messages import BuiltIn, CommandRequest, CommandStatus
from arduino_iface.schema import Command, Schema
from arduino_iface.values import ValueType
from gateway.drivers.base import INTERVAL_DEFAULT_S, DriverContext, Known, Tally
from gateway.drivers.intake import ReadingStore, Source
from gateway.drivers.protocol.bounds import INTERVAL_MIN_MS, usable_interval_ms
from gateway.drivers.protocol.intake import Intake
from gateway.drivers.protocol.values import NO_RULES, ChannelRules, rules_of
from gateway.runtime.clock import WallClock

DRAIN_BUDGET_S = 0.5
"""Longest time one round goes on fetching what a board has kept; the rest comes with the next."""

COMMIT_WAIT_S = 0.5
"""Longest wait for a commit while draining a board that forgets nothing before it is told to."""

log = logging.getLogger(__name__)


class ProtocolDriver:
    """One board that speaks the protocol, wherever it is plugged in."""

    def __init__(
        self,
        source: Source,
        device: ProtocolDevice,
        store: ReadingStore,
        clock: WallClock,
        claim: Callable[[Identity], None],
        interval_s: float | None = None,
        *,
        approach: Callable[[], None] | None = None,
        rules: ChannelRules = NO_RULES,
    ) -> None:
        """Touches nothing. `claim` is asked whether a board that has identified itself may be this device.

        `interval_s` None leaves the sampling interval to the board. `approach` is called before a board
        is asked who it is and raises `WireError` when it must not be asked. `rules` judge its values.
        """
        self.device = device
        self.tally = Tally()
        self._source = source
        self._store = store
        self._clock = clock
        self._claim = claim
        self._approach = approach
        self._rules = rules
        self._wanted_s = interval_s
        self._interval_s = interval_s or INTERVAL_DEFAULT_S
        self._intake: Intake | None = None
        self._boot: int | None = None  # of the last identification

    @property
    def board(self) -> ProtocolDevice:
        """The device."""
        return self.device

    @property
    def schema(self) -> Schema | None:
        """Of the board's identity."""
        identity = self.device.identity
        return None if identity is None else identity.schema

    @property
    def interval_s(self) -> float:
        """The board's sampling interval, seconds."""
        return self._interval_s

    @property
    def round_s(self) -> float:
        """The same: a board that keeps samples is asked at each interval."""
        return self._interval_s

    @property
    def counters(self) -> LinkCounters:
        """Of the link."""
        return self.device.link.counters

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Of the link."""
        return self.device.link.latency_quantiles_ms()

    def collect(self) -> Known | None:
        """Identify the board if need be, and fetch its samples."""
        began = self._clock.monotonic()
        intake, identity = self._intake, self.device.identity
        # Not of another boot either, whose numbers would make the board forget samples of this one.
        if intake is None or identity is None or not intake.is_of(identity):
            intake = self._identify()
        try:
            self._drain(intake, began)
        except DeviceRestarted:
            intake = self._identify()
            self._drain(intake, began)
        current = intake.identity
        return Known(current.schema, current.uid, current.boot)

    def forget(self) -> None:
        """Identify again before anything else."""
        self.device.identity = None

    def check(self, command: Command, arguments: Mapping[str, object]) -> None:
        """Raises `InvalidArguments`, also for more than this board's frames hold."""
        packed = argument_codec.pack(command, arguments)
        identity = self.device.identity
        needed = len(CommandRequest(0, command.code, packed).encode()) + frame.OVERHEAD
        if identity is not None and needed > identity.request_max:
            problem = f"make a frame of {needed} bytes; this board takes {identity.request_max}"
            raise argument_codec.InvalidArguments({"arguments": problem})

    def execute(
        self, token: int, command: Command, arguments: Mapping[str, object], timeout_s: float
    ) -> CommandOutcome:
        """Send the command under its token, if the board still describes it like that."""
        identity = self.device.identity
        if identity is None or identity.schema.command(command.name) != command:
            raise DeviceRestarted("the board has restarted and is not identified yet")
        packed = argument_codec.pack(command, arguments)
        status = self.device.command(
            token, command.code, packed, identity=identity, timeout_s=timeout_s
        )
        return CommandOutcome(status, confirmed=True)

    def _drain(self, intake: Intake, began: float) -> None:
        """Fetch what the board has, as long as it says there is more and the budget lasts."""
        budget_s = min(DRAIN_BUDGET_S, self._interval_s / 2)
        while True:
            following, skip = intake.window()
            polled = self.device.poll(following, skip)
            self.tally.polls += 1
            taken = intake.take(polled)
            self.tally.lost += intake.lost
            intake.lost = 0
            if not polled.more:
                return
            # A board without a window goes on only after what it has sent is stored for good.
            goes_on = intake.identity.windowed and taken
            if not goes_on and not self._store.flush().wait(COMMIT_WAIT_S):
                return
            if self._clock.monotonic() - began > budget_s:
                return

    def _identify(self) -> Intake:
        if self._approach is not None:
            self._approach()
        identity = self.device.identify()
        try:
            self._claim(identity)
        except Exception:
            self.device.identity = None  # it is somebody, but not this device
            raise
        if self._boot is not None and self._boot != identity.boot:
            self.tally.resets += 1
            log.warning(
                "device restarted: boot %d after boot %d",
                identity.boot,
                self._boot,
                extra={"device": self._source.device},
            )
        self._boot = identity.boot
        intake = self._intake
        if intake is None or not intake.is_of(identity):
            self._name_unknown_channels(identity.schema)
            intake = Intake(self._source, identity, self._store, self._clock, self._rules)
            intake.interval_ms = self._agree_on_interval(identity)
            self._intake = intake
        intake.identified()
        return intake

    def _name_unknown_channels(self, described: Schema) -> None:
        names = [channel.name for channel in described.channels]
        for name in (rule.name for rule in self._rules.channels):
            if name not in names:
                log.warning(
                    "[[device.channels]] names %s, which the board has not; it has: %s",
                    name,
                    ", ".join(names) or "no channels",
                    extra={"device": self._source.device},
                )

    def _agree_on_interval(self, identity: Identity) -> int:
        """Set the interval that is wanted; returns it in ms."""
        sample_ms = usable_interval_ms(identity.schema.sample_ms)
        wanted_s = self._wanted_s or sample_ms / 1000
        # Also when the board says so of itself: a gateway with other settings may have changed it.
        if self._wanted_s is not None:
            wanted_ms = round(wanted_s * 1000)
            # Tokens of a range that commands never use, and another one each time: a token the board
            # remembers from before would be answered without setting anything.
            token = 0xF000 | self._clock.wall_ms() & 0x0FFF
            packed = ValueType.U32.pack(wanted_ms)
            status = self.device.command(token, BuiltIn.SET_INTERVAL, packed, timeout_s=1.0)
            if status is not CommandStatus.DONE:
                log.warning(
                    "device refused the interval of %d ms; it samples every %d ms (%s)",
                    *(wanted_ms, sample_ms, status.name.lower()),
                    extra={"device": self._source.device},
                )
        self._interval_s = max(wanted_s, INTERVAL_MIN_MS / 1000)
        return round(wanted_s * 1000)


def build(context: DriverContext) -> ProtocolDriver:
    """The driver of a device of the configuration. Touches nothing."""
    return ProtocolDriver(
        context.source,
        ProtocolDevice(context.link()),
        context.store,
        context.clock,
        context.claim,
        context.settings.interval_s,
        rules=rules_of(context.settings.options),
    )
