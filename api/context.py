"""How a request finds the gateway: the ports are kept with the Flask app they belong to."""

from flask import Flask, current_app

from api.ports import Ports

_KEY = "gateway-ports"


def attach(app: Flask, ports: Ports) -> None:
    """Give the app its gateway."""
    app.extensions[_KEY] = ports


def ports() -> Ports:
    """The gateway of the app that answers the current request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Ports)
    return found
