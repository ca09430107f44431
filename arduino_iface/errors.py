"""What can go wrong on a wire, named by what the caller does next.

Every error of this package is a `WireError`. Errors of smbus2, pyserial and the kernel are turned
into these at the transport, with the cause kept.
"""


class WireError(Exception):
    """Base of everything that can go wrong between the gateway and a board."""


class DeviceSilent(WireError, TimeoutError):
    """No valid reply in spite of the retries: back this device off; the others go on."""


class OutcomeUnknown(DeviceSilent):
    """A command may have reached the board, and the board did not say what became of it."""


class BadFrame(WireError, ValueError):
    """The bytes are not a valid frame or message: count it, ask again."""


class BusFault(WireError, OSError):
    """One transaction failed on the wire (NACK, arbitration, timeout): ask again, then back off."""


class PortLost(WireError, OSError):
    """The port or adapter is gone or cannot be opened: close it, open it again after a while."""


class BusBusy(WireError, TimeoutError):
    """The bus or the device was not free before the deadline; nothing was sent."""


class DeviceRefused(WireError, RuntimeError):
    """A valid error reply (type 7F): the same request would be refused again, do not repeat it."""

    def __init__(self, code: int) -> None:
        """`code` is the error number of the reply, see `messages.ErrorCode`."""
        super().__init__(f"the device answered with error {code}")
        self.code = code


class ProtocolMismatch(WireError, RuntimeError):
    """The board does not speak what the gateway speaks: quarantine it until it identifies again."""


class SchemaError(ProtocolMismatch, ValueError):
    """The board's description of itself cannot be understood: quarantine, and say which line."""


class DeviceRestarted(WireError, RuntimeError):
    """The board has started again since it was identified: identify it before anything else."""
