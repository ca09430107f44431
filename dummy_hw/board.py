"""A simulated Arduino: power, reset, one loop, and its frames on either wire."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from arduino_iface import frame, schema
from arduino_iface.clock import Clock
from arduino_iface.errors import BadFrame
from arduino_iface.frame import Beacon, Frame
from arduino_iface.messages import PollReply, RequestType
from arduino_iface.values import Number
from dummy_hw.board_status import BoardStatus
from dummy_hw.commands import Callback, CommandExecutor
from dummy_hw.eeprom import Eeprom, EepromContents
from dummy_hw.faults import SILENCE_S, FaultPlan
from dummy_hw.responder import FrameLimits, Responder, unchanged
from dummy_hw.sampling import Sampler
from dummy_hw.signals import Signal

RESTART_DELAY_S = 0.25
"""A board restarts this long after its reply to the command, which can be read until then, seconds."""

WIRE_BUFFER = 32
"""Bytes the AVR `Wire` library takes in one write; one more is dropped, more make it deaf."""

REARM_S = 0.05
"""A deaf board listens again after this long, seconds, as with the GatewayDevice library."""

_NEVER = math.inf


@dataclass(frozen=True, slots=True)
class _Mail:
    """A request that the loop has not handled yet; `due` is when it will."""

    request: Frame
    address: int
    due: float


class DummyBoard:
    """One Arduino with the GatewayDevice library. Thread-safe; nothing here waits.

    It is simulated lazily: every call first does all that was due (samples, a waiting request, a restart) at
    the moment it was due by the clock. It is made without power. The contents of its RAM (samples, tokens,
    outputs, the last reply) are lost at a reset.

    `loop_delay_s`: how long the loop takes to handle a request. `boot_time_s`: how long the boot loader is
    deaf after a reset. `windowed`: whether POLL with `skip` is understood. `faults`
    is applied by the wire that the board is attached to.
    """

    def __init__(
        self,
        schema_text: str,
        *,
        eeprom: Eeprom,
        clock: Clock,
        signals: Mapping[str, Signal] | None = None,
        ring_size: int = 64,
        windowed: bool = True,
        request_max: int = frame.SERIAL_FRAME_MAX,
        reply_max: int = frame.SERIAL_FRAME_MAX,
        loop_delay_s: float = 0.0,
        boot_time_s: float = 0.0,
        faults: FaultPlan | None = None,
    ) -> None:
        """Raises `SchemaError` for a bad schema, `ValueError` for signals or limits that do not fit it."""
        self.schema = schema.parse(schema_text)
        self.clock = clock
        self.faults = FaultPlan() if faults is None else faults
        self.require_room(reply_max)
        self._lock = threading.RLock()
        self._eeprom = eeprom
        self._loop_delay_s = loop_delay_s
        self._boot_time_s = boot_time_s
        self._request_max = request_max
        self._sampler = Sampler(self.schema, signals or {}, ring_size)
        self._executor = CommandExecutor(self.schema)
        limits = FrameLimits(request_max, reply_max, windowed)
        self._responder = Responder(self.schema, self._sampler, self._executor, limits)
        self._powered = False
        self._hanging = False
        self._frozen = False
        self._started_at = 0.0
        self._deaf_until = self._muted_until = -_NEVER
        self._restart_at: float | None = None
        self._mail: _Mail | None = None
        self._reply: bytes | None = None
        self._reply_taken = True
        self._greeted = True
        self._resets = 0
        self._bad_frames = 0

    def require_room(self, reply_max: int) -> None:
        """Raises `ValueError` when not even one sample fits a reply of `reply_max` bytes."""
        needed = frame.OVERHEAD + PollReply.OVERHEAD + self.schema.sample_size
        if needed > reply_max:
            raise ValueError(f"{self.schema.name}: a sample needs a frame of {needed} bytes")

    # Power and faults

    def power_on(self) -> None:
        """Give it power; it starts, which counts as a boot. No-op when it has power."""
        with self._lock:
            if not self._powered:
                self._powered = True
                self._start(self.clock.monotonic())

    def power_off(self) -> None:
        """Take its power: NACK on I2C, silence on serial, RAM lost."""
        with self._lock:
            self._settle()
            self._powered = False
            self._sampler.pause()

    def reset(self) -> None:
        """Press the reset button. No-op without power."""
        with self._lock:
            now = self._settle()
            if self._powered:
                self._resets += 1
                self._start(now)

    def hang(self, hanging: bool) -> None:
        """The loop is stuck: no samples, no replies; reads on I2C give the busy beacon."""
        with self._lock:
            now = self._settle()
            if hanging == self._hanging:
                return
            self._hanging = hanging
            if self._mail is not None:
                self._mail = replace(self._mail, due=max(self._mail.due, now))
            if self._restart_at is not None:
                self._restart_at = max(self._restart_at, now)
            self._schedule_sampling(now)

    def freeze(self, frozen: bool) -> None:
        """Take no more samples, but answer, so that held samples can be drained."""
        with self._lock:
            now = self._settle()
            if frozen != self._frozen:
                self._frozen = frozen
                self._schedule_sampling(now)

    def mute(self, seconds: float = SILENCE_S) -> None:
        """A loose contact: off the air for a while; the program runs on."""
        with self._lock:
            self._muted_until = self.clock.monotonic() + seconds

    def forge(self, change: Callable[[Frame], Frame] | None) -> None:
        """A fault in its program: replies go through `change`, and get a right checksum; None ends it."""
        with self._lock:
            self._responder.forge = unchanged if change is None else change

    def on_command(self, name: str, callback: Callback | None) -> None:
        """Execute the command by `callback` (under the board's lock); None for the default."""
        with self._lock:
            self._executor.on_command(name, callback)

    def set_signal(self, channel: str, signal: Signal, *, until_reset: bool = False) -> None:
        """From now on the channel measures `signal`. Raises `ValueError` for an unknown channel."""
        with self._lock:
            self._settle()
            self._sampler.set_signal(channel, signal, until_reset=until_reset)

    # Both wires

    def handle(self, data: bytes, address: int = frame.SERIAL_ADDRESS) -> bytes | None:
        """Take a request frame and execute it at once: the reply frame, or None for silence."""
        with self._lock:
            now = self._settle()
            request = self._checked(data, address)
            if request is None or self._hanging or not self._on_air(now):
                return None
            self._mail = None
            return self._work(_Mail(request, address, now))

    def post(self, data: bytes, address: int = frame.SERIAL_ADDRESS, late_s: float = 0.0) -> bool:
        """Take a request frame; the loop executes it `loop_delay_s` + `late_s` from now.

        Returns whether it was taken: a frame that is damaged or not for this board is not, nor is
        any while the board is off the air. A request that is still waiting is replaced.
        """
        with self._lock:
            now = self._settle()
            request = self._checked(data, address)
            if request is None or not self._on_air(now):
                return False
            # A further write does not delay the loop.
            waiting = self._mail is not None and not self._hanging
            due = self._mail.due if self._mail and waiting else now + self._loop_delay_s + late_s
            self._mail = _Mail(request, address, due)
            self._settle()
            return True

    # I2C

    def i2c_write(self, address: int, data: bytes, late_s: float = 0.0) -> bool:
        """One write transaction to its address, of any length; whether it was acknowledged."""
        with self._lock:
            now = self._settle()
            if not self._on_air(now) or now < self._deaf_until:
                return False
            if len(data) > WIRE_BUFFER + 1:
                self._deaf_until = now + REARM_S
                return False
            if data and not self.post(data[:WIRE_BUFFER], address, late_s) and not self._hanging:
                # It has overwritten the mailbox, and the loop discards it.
                self._mail = self._reply = None
            return True

    def i2c_read(self) -> bytes | None:
        """What it sends now, without padding: a reply or a beacon; None: not acknowledged."""
        with self._lock:
            now = self._settle()
            if not self._on_air(now) or now < self._deaf_until:
                return None
            if self._mail is not None:
                return Beacon.BUSY.value
            return Beacon.IDLE.value if self._reply is None else self._reply

    # Serial

    @property
    def occupied(self) -> bool:
        """Whether a request still waits for the loop, or its reply for `take_reply`."""
        with self._lock:
            now = self._settle()
            return self._mail is not None or not (self._reply_taken or not self._on_air(now))

    def take_reply(self) -> bytes | None:
        """A reply frame that was not taken yet; each is given once."""
        with self._lock:
            now = self._settle()
            if self._reply_taken or not self._on_air(now):
                return None
            self._reply_taken = True
            return self._reply

    def take_greeting(self) -> bytes | None:
        """The unsolicited HELLO reply with SEQ 0 that a board sends when it starts; once per start."""
        with self._lock:
            now = self._settle()
            if self._greeted or self._hanging or not self._on_air(now):
                return None
            self._greeted = True
            hello = self._responder.hello(frame.SERIAL_ADDRESS, now)
            return Frame(RequestType.HELLO | frame.REPLY, 0, hello.encode()).encode()

    def next_event_at(self) -> float | None:
        """When it may next send something, on its clock; None: not before a request."""
        with self._lock:
            self._settle()
            if not self._powered or self._hanging:
                return None
            times = [] if self._greeted else [max(self._started_at, self._muted_until)]
            if self._mail is not None:
                times.append(self._mail.due)
            if self._restart_at is not None:
                times.append(self._restart_at)
            return min(times, default=None)

    # Inspection

    def status(self) -> BoardStatus:
        """A snapshot of its state and counts."""
        with self._lock:
            now = self._settle()
            identity = self._eeprom.load()
            sampler, ring = self._sampler, self._sampler.ring
            return BoardStatus(
                name=self.schema.name,
                uid=identity.uid,
                boot=identity.boot,
                powered=self._powered,
                hanging=self._hanging,
                safe_state=self._responder.safe_state,
                uptime_ms=max(round((now - self._started_at) * 1000), 0) if self._powered else 0,
                interval_ms=sampler.interval_ms,
                next_seq=ring.next_seq,
                samples_made=sampler.samples_made,
                held=len(ring),
                acknowledged=ring.acknowledged,
                overwritten=ring.overwritten,
                lost_at_reset=sampler.lost_at_reset,
                resets=self._resets,
                identified=self._responder.identified,
                bad_frames=self._bad_frames,
                executed=Counter(self._executor.executed),
                outputs=dict(self._executor.outputs),
            )

    @property
    def uid(self) -> bytes:
        """Its identity, 8 bytes."""
        return self.status().uid

    @property
    def boot(self) -> int:
        """Resets counted so far."""
        return self.status().boot

    @property
    def samples_made(self) -> int:
        """Samples taken so far, over all boots."""
        return self.status().samples_made

    @property
    def overwritten(self) -> int:
        """Samples lost because the ring was full."""
        return self.status().overwritten

    @property
    def executed(self) -> Mapping[str, int]:
        """How often each command of the schema was executed."""
        return self.status().executed

    @property
    def outputs(self) -> Mapping[str, Number | bool]:
        """The values of its outputs, by `command.argument`."""
        return self.status().outputs

    # Under the lock

    def _start(self, now: float) -> None:
        identity: EepromContents = self._eeprom.load().booted()
        self._eeprom.store(identity)
        self._started_at = now + self._boot_time_s
        self._hanging = False
        self._mail = self._reply = self._restart_at = None
        self._reply_taken = True
        self._greeted = False
        self._executor.start()
        self._responder.start(identity, self._started_at)
        self._sampler.start(self._started_at)
        if self._frozen:
            self._sampler.pause()

    def _schedule_sampling(self, now: float) -> None:
        if self._powered and not self._hanging and not self._frozen:
            self._sampler.resume(max(now, self._started_at))
        else:
            self._sampler.pause()

    def _on_air(self, now: float) -> bool:
        return self._powered and now >= self._started_at and now >= self._muted_until

    def _checked(self, data: bytes, address: int) -> Frame | None:
        if len(data) > self._request_max:
            self._bad_frames += 1
            return None
        try:
            request = frame.decode(data, address)
        except BadFrame:
            self._bad_frames += 1
            return None
        return None if request.type & frame.REPLY else request

    def _settle(self) -> float:
        """Do everything that was due, each at its time. Returns the present time."""
        now = self.clock.monotonic()
        if not self._powered:
            return now
        while not self._hanging:
            restart_at = _NEVER if self._restart_at is None else self._restart_at
            mail = self._mail
            if mail is not None and mail.due <= min(now, restart_at):
                self._mail = None
                self._work(mail)
            elif restart_at <= now:
                self._advance(restart_at)
                self._resets += 1
                self._start(restart_at)
            else:
                self._advance(now)
                break
        return now

    def _advance(self, at: float) -> None:
        self._sampler.run(at)
        self._responder.check_keepalive(at)

    def _work(self, mail: _Mail) -> bytes:
        self._advance(mail.due)
        reply = self._responder.answer(mail.request, mail.address, mail.due)
        self._reply = reply.encode(mail.address)
        self._reply_taken = not self._on_air(mail.due)
        if self._responder.restart_wanted and self._restart_at is None:
            self._restart_at = mail.due + RESTART_DELAY_S
        return self._reply
