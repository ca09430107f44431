"""The threads that answer requests: as many as were ever needed at once, up to a limit, and not all of them.

Most of the limit is for streams, which are seldom open; a thread that waits for one costs memory too.
"""

import threading
from typing import Any

from waitress.task import ThreadedTaskDispatcher


class GrowingDispatcher(ThreadedTaskDispatcher):
    """Starts a thread when a request finds none free. Any thread may add tasks."""

    def __init__(self, most: int) -> None:
        """Starts nothing; `most` threads at a time."""
        super().__init__()
        self._most = most
        self._growing = threading.Lock()  # taken before waitress's own

    def add_task(self, task: Any) -> None:
        """Have it carried out by a thread that is free, or a new one."""
        with self._growing:
            with self.lock:
                self.queue.append(task)
                self.queue_cv.notify()
                waiting = len(self.queue)
                running = len(self.threads) - self.stop_count
                # One that was just started counts as active, and finds its task by itself.
                idle = running - self.active_count
            if waiting > idle and running < self._most:
                super().set_thread_count(running + 1)
            elif waiting > idle and self._most:
                self.queue_logger.warning("Task queue depth is %d", waiting - idle)

    def set_thread_count(self, count: int) -> None:
        """At most so many from now on; those above are asked to end."""
        with self._growing:
            self._most = count
            if len(self.threads) - self.stop_count > count:
                super().set_thread_count(count)
