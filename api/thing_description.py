"""A device as a W3C WoT Thing Description 1.1: what to read, observe and invoke, and where."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from api.context import ports
from arduino_iface.arguments import json_schema
from arduino_iface.schema import Channel, Command
from arduino_iface.values import ValueType
from gateway.model.command import CommandState
from gateway.model.registry import DeviceView

CONTENT_TYPE = "application/td+json"

_CONTEXT = ["https://www.w3.org/2022/wot/td/v1.1", {"@language": "en"}]
_DISCOVERY_CONTEXT = [
    "https://www.w3.org/2022/wot/td/v1.1",
    "https://www.w3.org/2022/wot/discovery",
    {"@language": "en"},
]
_JSON = "application/json"
_OBSERVE = ["observeproperty", "unobserveproperty"]
_SUBSCRIBE = ["subscribeevent", "unsubscribeevent"]
_EVENTS = {
    "reading": "A reading is stored.",
    "state": "The device's state, name, description or metadata has changed.",
    "command": "A command to the device has changed its state.",
}


def describe(view: DeviceView) -> dict[str, Any]:
    """The Thing Description of a device, for the caller of the current request."""
    gateway = ports()
    return thing_description(
        view, gateway.status.gateway_id(), _origin(), key_needed=gateway.keys.ring().required
    )


def describe_all() -> dict[str, Any]:
    """The Thing Description of the gateway, the directory of its devices."""
    gateway = ports()
    return directory_description(
        gateway.devices.all(),
        gateway.status.gateway_id(),
        _origin(),
        key_needed=gateway.keys.ring().required,
    )


def _origin() -> str:
    return request.host_url.rstrip("/")


def thing_description(
    view: DeviceView, gateway: str, origin: str, *, key_needed: bool
) -> dict[str, Any]:
    """`origin` is where the client has called, such as `http://localhost:8080`."""
    schema = view.schema
    channels = schema.channels if schema else ()
    commands = schema.commands if schema else ()
    return {
        "@context": _CONTEXT,
        "@type": "Thing",
        "id": _urn(gateway, view.id),
        "title": view.name or view.id,
        **({"version": {"instance": schema.firmware}} if schema and schema.firmware else {}),
        **_security(key_needed),
        "base": f"{origin}/api/v1/devices/{view.id}/",
        "properties": {channel.name: _property(channel) for channel in channels},
        "actions": {command.name: _action(command) for command in commands},
        "events": {name: _event(name, title) for name, title in _EVENTS.items()},
        "links": [
            {"rel": "alternate", "href": f"{origin}/api/v1/devices/{view.id}", "type": _JSON}
        ],
    }


def directory_description(
    views: Sequence[DeviceView], gateway: str, origin: str, *, key_needed: bool
) -> dict[str, Any]:
    """The gateway as a Thing: the directory of its devices."""
    return {
        "@context": _DISCOVERY_CONTEXT,
        "@type": "ThingDirectory",
        "id": _urn(gateway, ""),
        "title": f"Arduinos of {gateway}",
        **_security(key_needed),
        "base": f"{origin}/",
        "properties": {
            "things": {
                "description": "The descriptions of all devices.",
                "type": "array",
                "items": {"type": "object"},
                "readOnly": True,
                "forms": [
                    {
                        "href": "api/v1/things",
                        "op": "readproperty",
                        "contentType": "application/ld+json",
                    }
                ],
            }
        },
        "links": [
            {"rel": "item", "href": f"api/v1/things/{view.id}", "type": CONTENT_TYPE}
            for view in views
        ],
    }


def _urn(gateway: str, device: str) -> str:
    """Always the same for a device of a gateway."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'arduino-gateway/{gateway}/{device}')}"


def _security(key_needed: bool) -> dict[str, Any]:
    if key_needed:
        scheme = {"scheme": "bearer", "in": "header", "name": "Authorization", "format": "opaque"}
        return {"securityDefinitions": {"key": scheme}, "security": "key"}
    return {"securityDefinitions": {"open": {"scheme": "nosec"}}, "security": "open"}


def _property(channel: Channel) -> dict[str, Any]:
    kind = "boolean" if channel.type is ValueType.BOOL else "number"
    href = f"properties/{channel.name}"
    return {
        "oneOf": [{"type": kind}, {"type": "null"}],
        "description": "The newest value; null when it is missing.",
        **({"unit": channel.unit} if channel.unit else {}),
        "readOnly": True,
        "observable": True,
        "forms": [
            {"href": href, "op": "readproperty", "contentType": _JSON},
            {"href": href, "op": _OBSERVE, "contentType": _JSON, "subprotocol": "sse"},
        ],
    }


def _action(command: Command) -> dict[str, Any]:
    arguments: Mapping[str, Any] = json_schema(command)
    return {
        **({"input": arguments} if command.arguments else {}),
        "output": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "state": {"type": "string", "enum": [state.value for state in CommandState]},
            },
        },
        "safe": False,
        "idempotent": False,
        "synchronous": True,
        "forms": [{"href": f"actions/{command.name}", "op": "invokeaction", "contentType": _JSON}],
    }


def _event(name: str, description: str) -> dict[str, Any]:
    form = {
        "href": f"events/{name}",
        "op": _SUBSCRIBE,
        "contentType": _JSON,
        "subprotocol": "sse",
    }
    return {"description": description, "data": {"type": "object"}, "forms": [form]}


THING: dict[str, Any] = {
    "@context": ["https://www.w3.org/2022/wot/td/v1.1", {"@language": "en"}],
    "@type": "Thing",
    "id": "urn:uuid:0e4e9d3c-7c1c-5d0e-8f67-0a54a4c0a0f1",
    "title": "greenhouse",
    "securityDefinitions": {"open": {"scheme": "nosec"}},
    "security": "open",
    "base": "http://localhost:8080/api/v1/devices/greenhouse/",
    "properties": {
        "temperature": {
            "oneOf": [{"type": "number"}, {"type": "null"}],
            "unit": "Cel",
            "readOnly": True,
            "observable": True,
            "forms": [{"href": "properties/temperature", "op": "readproperty"}],
        }
    },
}

DIRECTORY: dict[str, Any] = {
    "@context": ["https://www.w3.org/2022/wot/td/v1.1", "https://www.w3.org/2022/wot/discovery"],
    "@type": "ThingDirectory",
    "title": "Arduinos of pi-greenhouse",
    "securityDefinitions": {"open": {"scheme": "nosec"}},
    "security": "open",
    "links": [{"rel": "item", "href": "api/v1/things/greenhouse", "type": "application/td+json"}],
}
