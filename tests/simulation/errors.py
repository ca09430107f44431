"""What ends a simulated process, and what ends a simulation."""


class Killed(BaseException):
    """The process is dead from here on; no handler of the gateway's may notice."""


class Violation(BaseException):
    """A promise was broken. Not an Exception: no handler of the gateway's may swallow it."""


class Injected(Exception):
    """A worker's step fails for a reason of the simulation's."""
