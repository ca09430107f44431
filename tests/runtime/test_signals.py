"""Signals as a request to stop, read by the main thread."""

import os
import signal

import pytest

from gateway.runtime.signals import StopSignals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_request_and_no_exception(number: signal.Signals) -> None:
    with StopSignals() as signals:
        assert signals.wait(0.0) is None
        os.kill(os.getpid(), number)
        assert signals.wait(20.0) is number
        assert signals.wait(0.0) is None


def test_signals_are_given_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with StopSignals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_other_signals_are_no_request() -> None:
    handler = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with StopSignals() as signals:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert signals.wait(20.0) is None
            os.kill(os.getpid(), signal.SIGTERM)
            assert signals.wait(20.0) is signal.SIGTERM
    finally:
        signal.signal(signal.SIGUSR1, handler)
