"""Thing Descriptions for whoever asks: with the address that was called, and the security in force."""

from collections.abc import Callable
from typing import Any

from flask import current_app, request

from api.context import ports
from api.shapes.thing import directory_description, thing_description
from gateway.model.registry import DeviceView

KEY_NEEDED = "KEY_NEEDED"
"""In the configuration of the app: a function that says whether requests need a key."""


def describe(view: DeviceView) -> dict[str, Any]:
    """The Thing Description of a device."""
    return thing_description(view, ports().status.gateway_id(), _origin(), key_needed=_key_needed())


def describe_all() -> dict[str, Any]:
    """The Thing Description of the gateway, the directory of its devices."""
    gateway = ports()
    return directory_description(
        gateway.devices.all(), gateway.status.gateway_id(), _origin(), key_needed=_key_needed()
    )


def _origin() -> str:
    return request.host_url.rstrip("/")


def _key_needed() -> bool:
    needed: Callable[[], bool] | None = current_app.config.get(KEY_NEEDED)
    return needed is not None and needed()
