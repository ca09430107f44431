"""What these tests wait for."""

from typing import Any

from tests.support.boards import BoardCounts, BoardsProcess
from tests.support.gateway import GatewayProcess


def journal_of(gateway: GatewayProcess) -> dict[str, Any]:
    """The journal's part of the status."""
    shown: dict[str, Any] = gateway.get("/api/v1/status")["journal"]
    return shown


def until_ready(gateway: GatewayProcess) -> None:
    """Wait until the gateway says that it collects and stores."""
    gateway.until(lambda: gateway.request("GET", "/readyz").status == 200, "ready again")


def healthy_counts(gateway: GatewayProcess, boards: BoardsProcess) -> dict[str, BoardCounts]:
    """Let the boards stop sampling and wait until they are read empty; what they have counted."""
    boards.freeze()
    gateway.until(
        lambda: all(one.held == 0 for one in boards.counts().values()), "the boards hold nothing"
    )
    return boards.counts()
