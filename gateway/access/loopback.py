"""Addresses that only programs on this machine can reach."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether an address or name (to listen on, or of a `Host` header without port) is a loopback one."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
