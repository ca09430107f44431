"""Binding the address to listen on, with errors a person can act on."""

import errno
import os
import socket

_BACKLOG = 128


class CannotListen(OSError):
    """The address cannot be listened on; the message says why and what to do."""


class PortInUse(CannotListen):
    """Another program listens there."""


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket. A name is resolved to one address, IPv4 before IPv6.

    Raises `CannotListen`, above all `PortInUse`.
    """
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Without this, a restart must wait for old connections to be forgotten.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _explained(error, host, port) from error
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    if not host:  # the resolver would take it for every address of the machine
        raise CannotListen("cannot listen: host in [api] is empty")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotListen(
            f"cannot listen on {host!r}: it is no address and no name of this machine; "
            "correct host in [api]"
        ) from error
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, (str(address[0]), int(address[1]))


def _explained(error: OSError, host: str, port: int) -> CannotListen:
    where = f"cannot listen on {host} port {port}"
    if error.errno == errno.EADDRINUSE:
        return PortInUse(
            error.errno,
            f"{where}: another program listens there, perhaps a second gateway; "
            "stop it or choose another port with --port or port in [api]",
        )
    if error.errno == errno.EACCES:
        return CannotListen(
            error.errno, f"{where}: ports below 1024 need a privilege; choose one above"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(
            error.errno, f"{where}: this machine does not have the address; correct host in [api]"
        )
    return CannotListen(error.errno, f"{where}: {os.strerror(error.errno or 0)}")
