import logging
import threading

import pytest

from gateway.log import Condition
from tests.support.clock import FakeClock


@pytest.fixture
def logger(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level(logging.INFO)
    return logging.getLogger("gateway.test")


def test_one_line_at_the_beginning_and_one_at_the_end(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    condition = Condition(
        logger,
        "greenhouse is silent",
        "greenhouse answers again",
        extra={"device": "greenhouse"},
        clock=clock,
    )
    assert not condition.ok()
    assert condition.failed("no reply")
    clock.sleep(2.5)
    assert not condition.failed(TimeoutError())
    assert condition.ok()
    assert not condition.ok()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "greenhouse is silent: no reply"),
        ("INFO", "greenhouse answers again after 2.5 s (2 failures; last: TimeoutError)"),
    ]
    assert {vars(record)["device"] for record in caplog.records} == {"greenhouse"}


def test_one_failure_is_not_written_as_many(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    condition = Condition(logger, "delivery is interrupted", "delivery resumed", clock=FakeClock())
    condition.failed("no server")
    condition.ok()
    assert caplog.records[-1].getMessage() == (
        "delivery resumed after 0.0 s (1 failure; last: no server)"
    )


def test_it_can_begin_again(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    condition = Condition(logger, "x", "z", level=logging.ERROR)
    for _ in range(2):
        assert condition.failed("y")
        assert condition.ok()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"] * 2


def test_lines_alternate_whatever_threads_do(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    condition = Condition(logger, "x", "z")

    def work() -> None:
        for _ in range(200):
            condition.failed("y")
            condition.ok()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    condition.ok()
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO"] * (len(levels) // 2)
    assert levels
