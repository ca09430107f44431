"""TCP ports that nobody else on this machine is given while we mean to use them."""

import socket
from types import TracebackType
from typing import Self


class ReservedPort:
    """A loopback port that is bound but not listened on.

    A server that sets SO_REUSEADDR, as ours does, can listen on it all the same (Linux), and the kernel gives
    it to nobody who asks for any free port.
    """

    def __init__(self) -> None:
        """Takes the port at once: there is nothing else to it."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def listen(self) -> None:
        """Listen on it ourselves: for anyone else it is in use now."""
        self._socket.listen()

    def release(self) -> None:
        """Give it back; again is no harm."""
        self._socket.close()
