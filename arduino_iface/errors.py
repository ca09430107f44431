"""Errors of a wire, named by what the caller does next.

Every error of a transaction, a frame or an exchange is a `WireError`.
Errors of smbus2, pyserial and the kernel are turned
into these at the transport, with the cause kept.
"""


class WireError(Exception):
    """Base of all errors between the gateway and a board."""


class DeviceSilent(WireError, TimeoutError):
    """No valid reply after all retries: back off from this device alone."""


class OutcomeUnknown(DeviceSilent):
    """A command was or may have been sent, and no reply states its outcome: never send it again blindly."""


class BadFrame(WireError, ValueError):
    """The bytes are not a valid frame or message: count and retry."""


class BusFault(WireError, OSError):
    """One transaction failed on the wire (NACK, arbitration, timeout): retry, then back off."""


class PortLost(WireError, OSError):
    """The port or adapter is gone or cannot be opened: close it, reopen it after a back-off."""


class BusBusy(WireError, TimeoutError):
    """The bus or the device was not free before the deadline; nothing was sent."""


class DeviceRefused(WireError, RuntimeError):
    """A valid error reply (type 7F): a retry would be refused as well."""

    def __init__(self, code: int) -> None:
        """`code` is the error number of the reply, see `messages.ErrorCode`."""
        super().__init__(f"the device answered with error {code}")
        self.code = code


class ProtocolMismatch(WireError, RuntimeError):
    """The board's protocol version or limits do not fit the gateway: quarantine it until it changes."""


class SchemaError(ProtocolMismatch, ValueError):
    """The board's schema is invalid: quarantine. The message names the line."""


class DeviceRestarted(WireError, RuntimeError):
    """The board has restarted or was replaced since it was identified: identify it first."""
