"""Carries out the queued commands and determines unknown outcomes, a few at a time."""

import logging
import threading
from collections.abc import Callable

from gateway.commands.commander import Commander
from gateway.commands.inquiry import Inquiry
from gateway.commands.queue import Job
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker

THREADS_MAX = 4
"""Commands carried out at the same time; at most one of a device."""
LOOK_S = 0.1
"""How often waiting commands are checked."""
RETRY_S = 0.5
"""Between two attempts for a device that is online and could not be sent a command."""
INQUIRY_RETRY_S = 2.0
STOP_S = 2.0
"""How long commands under way may take to end when the gateway stops."""

log = logging.getLogger(__name__)


class CommandWorker(Worker):
    """Steps through the commander's queue; each command under way has a thread, `THREADS_MAX` at most."""

    name = "command-queue"

    def __init__(self, commander: Commander, clock: WallClock) -> None:
        """The queue outlives this worker."""
        super().__init__()
        self._commander = commander
        self._clock = clock
        self._tasks: dict[str, threading.Thread] = {}  # by device
        self._tried: dict[str, float] = {}  # by device, monotonic seconds
        self._asked: dict[str, float] = {}  # the same for inquiries

    def start_up(self) -> None:
        """Nothing to acquire."""

    def step(self, now: float) -> float:
        """Start the commands that can be sent, end those that have waited too long."""
        self._tasks = {name: thread for name, thread in self._tasks.items() if thread.is_alive()}
        self._expire(now)
        for job in self._commander.queue.first_of_each(self._tasks):
            device = job.order.device
            impatient = job.order.queue_s is None
            if (impatient or not self._commander.is_away(device)) and self._is_time(
                self._tried, device, now, RETRY_S
            ):
                self._begin(device, lambda job=job: self._carry_out(job))  # type: ignore[misc]
        for inquiry in self._commander.inquiries():
            device = inquiry.record.device
            if not self._commander.is_away(device) and self._is_time(
                self._asked, device, now, INQUIRY_RETRY_S
            ):
                self._begin(device, lambda inquiry=inquiry: self._inquire(inquiry))  # type: ignore[misc]
        busy = self._tasks or self._commander.queue.waiting() or self._commander.inquiries()
        return LOOK_S if busy else 1.0

    def wait(self, timeout_s: float) -> None:
        """Wait until a command is queued, or the timeout."""
        self._commander.queue.wait(timeout_s)

    def wake(self) -> None:
        """End the wait."""
        self._commander.queue.wake()

    def shut_down(self) -> None:
        """Wait for commands under way, at most `STOP_S`; those that are queued expire."""
        deadline = self._clock.monotonic() + STOP_S
        for thread in self._tasks.values():
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        under_way = {name for name, thread in self._tasks.items() if thread.is_alive()}
        for job in self._commander.queue.waiting():
            if job.order.device not in under_way:
                self._end(job, "never sent: the gateway stopped first")

    def _expire(self, now: float) -> None:
        """End those that have waited too long, also behind others of their device."""
        for job in self._commander.queue.waiting():
            device = job.order.device
            late = job.order.queue_s is not None and now >= job.expires_mono
            if late and device not in self._tasks and self._commander.is_away(device):
                self._end(job, f"never sent: {device} was not back within {job.order.queue_s:g} s")

    def _end(self, job: Job, detail: str) -> None:
        held = self._commander.is_held(job.order.device)
        code = "maintenance" if held else "device_offline"
        self._commander.expire(job, code, detail, awaited=False)
        self._commander.queue.take(job)

    def _is_time(self, last: dict[str, float], device: str, now: float, pause_s: float) -> bool:
        free = device not in self._tasks and len(self._tasks) < THREADS_MAX
        if not free or now < last.get(device, -pause_s) + pause_s:
            return False
        last[device] = now
        return True

    def _begin(self, device: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=f"command-{device}", daemon=True)
        self._tasks[device] = thread
        thread.start()

    def _carry_out(self, job: Job) -> None:
        over = True
        try:
            over = self._commander.carry_out(job)
        except Exception:
            log.exception("this is a fault of the gateway, please report it")
        if over:
            self._commander.queue.take(job)
            self._tried.pop(job.order.device, None)  # the next one need not wait
        self.wake()

    def _inquire(self, inquiry: Inquiry) -> None:
        try:
            self._commander.inquire(inquiry)
        except Exception:
            log.exception("this is a fault of the gateway, please report it")
        self.wake()
