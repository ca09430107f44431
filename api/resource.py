"""One way to write an endpoint: checked query and body, and its place in the OpenAPI document.

The only file beside `app.py` that knows flask-smorest. Bodies and queries are loaded here and not by its
own parser, which ignores unknown and repeated query parameters and takes loose JSON.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask_smorest
from flask import Flask, Response, request
from marshmallow import RAISE, Schema, ValidationError
from marshmallow.fields import Field

from api import json, problems
from api.access.control import COOKIE
from api.documents import ProblemSchema
from api.fields import Interval, Names, Timestamp
from api.problems import KINDS, Problem
from gateway.access.keys import Scope

View = Callable[..., Response]


class _AnyObject(Schema):
    """Stands for any JSON object as a body."""


_ALWAYS = ("invalid_parameter", "bad_request", "forbidden", "internal_error")
_WITH_KEY = ("unauthenticated", "too_many_attempts")
_WITH_BODY = ("malformed_json", "body_too_large", "unsupported_media_type", "invalid_body")
_ANYWHERE = ("not_found", "method_not_allowed", "headers_too_large", "not_implemented")
_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key made by `gateway keys create`, with the scope read, command or admin; each "
        "includes the ones before it. On the gateway's own machine no key is needed until the first one "
        "has been made.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Set by POST /api/v1/session. Changes are taken with it from the gateway's own "
        "page only.",
    },
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds until trying again makes sense.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


class Resource:
    """The endpoints of one resource, collected when its module is imported."""

    def __init__(self, name: str, description: str, prefix: str = "/api/v1") -> None:
        """`name` becomes the tag in the document."""
        self.scopes: dict[str, Scope | None] = {}
        """The scope that each endpoint needs; None where no key is needed."""
        self._blueprint = flask_smorest.Blueprint(
            name, __name__, url_prefix=prefix, description=description
        )

    def register(self, api: Any) -> None:
        """Add the endpoints to an app through its `flask_smorest.Api`."""
        api.register_blueprint(self._blueprint)

    def get(
        self,
        rule: str,
        *,
        reply: type[Schema] | None = None,
        example: object = None,
        query: type[Schema] | None = None,
        media: Mapping[str, Mapping[str, Any]] | None = None,
        headers: Mapping[str, Mapping[str, Any]] | None = None,
        scope: Scope | None = Scope.READ,
        errors: Sequence[str] = (),
    ) -> Callable[[View], View]:
        """A GET endpoint. With `query`, its parameters come as the mapping `query`.

        `media` are the other forms of the reply by content type; `headers` are documented only.
        """
        content = {**_json_content(reply, example), **(media or {})}
        extra = {"parameters": _header_parameters(headers or {})}
        successes: dict[int | str, object] = {200: _reply(content)}
        return self._endpoint("GET", rule, successes, query, None, extra, scope, errors)

    def delete(
        self, rule: str, *, scope: Scope = Scope.READ, errors: Sequence[str] = ()
    ) -> Callable[[View], View]:
        """A DELETE endpoint, answered with 204 and no body."""
        successes: dict[int | str, object] = {
            204: {"description": "Done; there is nothing to say."}
        }
        extra: dict[str, Any] = {"parameters": []}
        return self._endpoint("DELETE", rule, successes, None, None, extra, scope, errors)

    def post(
        self,
        rule: str,
        *,
        body: type[Schema] | None,
        reply: type[Schema],
        example: object,
        body_example: object,
        headers: Mapping[str, Mapping[str, Any]],
        query: type[Schema] | None = None,
        replies: Mapping[int | str, object] | None = None,
        method: str = "POST",
        scope: Scope | None,
        errors: Sequence[str] = (),
    ) -> Callable[[View], View]:
        """A POST, PUT or PATCH endpoint. Its body comes as the mapping `body`.

        `headers` are documented only. `replies` are the successes beside 200, by status; `body` None takes
        any JSON object, or none.
        """
        extra = {
            "requestBody": {
                "required": body is not None,
                "content": {
                    "application/json": {
                        "schema": body or {"type": "object"},
                        "example": body_example,
                    }
                },
            },
            "parameters": _header_parameters(headers),
        }
        successes = {200: _reply(_json_content(reply, example)), **(replies or {})}
        loaded = body or _AnyObject
        return self._endpoint(
            method, rule, successes, query, loaded, extra, scope, (*_WITH_BODY, *errors)
        )

    def _endpoint(
        self,
        method: str,
        rule: str,
        successes: Mapping[int | str, object],
        query: type[Schema] | None,
        body: type[Schema] | None,
        extra: Mapping[str, Any],
        scope: Scope | None,
        errors: Sequence[str],
    ) -> Callable[[View], View]:
        with_key = _WITH_KEY if scope is not None else ()
        responses: dict[int | str, object] = {
            **successes,
            **_error_responses((*_ALWAYS, *with_key, *errors)),
            "default": _error_response(_ANYWHERE),
        }
        security = [{scheme: [scope.value]} for scheme in _SCHEMES] if scope is not None else []
        documentation = {"responses": responses, "security": security, **extra}
        if query is not None:
            documentation["parameters"] = [{"in": "query", "schema": query}, *extra["parameters"]]

        def decorate(view: View) -> View:
            @functools.wraps(view)
            def checked(**path: str) -> Response:
                given: dict[str, object] = dict(path)
                parameters = _load_query(query)
                if query is not None:
                    given["query"] = parameters
                if body is _AnyObject:
                    given["body"] = _read_object() if request.get_data() else {}
                elif body is not None:
                    given["body"] = _load_body(body)
                return view(**given)

            self.scopes[f"{self._blueprint.name}.{view.__name__}"] = scope
            documented = self._blueprint.doc(operationId=view.__name__, **documentation)(checked)
            self._blueprint.route(rule, methods=[method])(documented)
            return view

        return decorate


def _json_content(reply: type[Schema] | None, example: object) -> dict[str, Mapping[str, Any]]:
    return {} if reply is None else {"application/json": {"schema": reply, "example": example}}


def _reply(content: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    return {"description": "As asked for.", "content": content}


def _header_parameters(headers: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [{"in": "header", "name": name, **spec} for name, spec in headers.items()]


def _load_query(schema: type[Schema] | None) -> Mapping[str, Any]:
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise _invalid("invalid_parameter", {name: "is given more than once"})
        given[name] = values[0]
    try:
        return _load(schema or Schema, given)
    except ValidationError as error:
        raise _invalid("invalid_parameter", _flat(error.messages_dict)) from error


def _load_body(schema: type[Schema]) -> Mapping[str, Any]:
    try:
        return _load(schema, _read_object())
    except ValidationError as error:
        raise _invalid("invalid_body", _flat(error.messages_dict)) from error


def _read_object() -> Mapping[str, Any]:
    """The body, which must be a JSON object."""
    if not request.is_json:
        raise Problem(
            "unsupported_media_type", "send the body as JSON, with Content-Type: application/json"
        )
    try:
        document = json.loads(request.get_data())
    except json.MalformedJson as error:
        raise Problem("malformed_json", str(error)) from error
    if not isinstance(document, dict):
        raise Problem("invalid_body", "the body must be a JSON object")
    return document


def _load(schema: type[Schema], given: Mapping[str, object]) -> Mapping[str, Any]:
    loaded = schema().load(given, unknown=RAISE)
    assert isinstance(loaded, dict)
    return loaded


def _invalid(code: str, wrong: Mapping[str, str]) -> Problem:
    detail = "; ".join(f"{name}: {problem}" for name, problem in wrong.items())
    return Problem(code, detail, problems=wrong)


def _flat(messages: Mapping[Any, Any], above: str = "") -> dict[str, str]:
    """Marshmallow's nested messages as dotted name to sentence."""
    flat: dict[str, str] = {}
    for name, found in messages.items():
        where = f"{above}{name}"
        if isinstance(found, Mapping):
            flat.update(_flat(found, f"{where}."))
        else:
            flat[where] = " ".join(str(sentence) for sentence in found)
    return flat


def _error_responses(codes: Sequence[str]) -> dict[int | str, object]:
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {status: _error_response(by_status[status]) for status in sorted(by_status, key=str)}


def _error_response(codes: Sequence[str]) -> dict[str, object]:
    kinds = [KINDS[code] for code in codes]
    response: dict[str, object] = {
        "description": "\n".join(f"- `{kind.code}`: {kind.meaning}" for kind in kinds),
        "content": {
            problems.CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    kind.code: {
                        "value": problems.document(kind, kind.meaning, "/api/v1/devices/greenhouse")
                    }
                    for kind in kinds
                },
            }
        },
    }
    if all(kind.status in (429, 503) for kind in kinds):
        response["headers"] = _RETRY_AFTER
    return response


def _property_names(_converter: object, field: Field[Any], **_context: object) -> dict[str, Any]:
    """What the keys of a mapping must look like, which the library leaves out."""
    found = field.metadata.get("propertyNames")
    return {} if found is None else {"propertyNames": found}


def make_api(app: Flask) -> Any:
    """The `flask_smorest.Api` of an app; its error handlers are replaced by `problems.install`."""
    api = flask_smorest.Api()
    api.ERROR_SCHEMA = ProblemSchema
    # Every operation names its own errors.
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    # Before the app, which already describes the problems and the command that is in them.
    api.register_field(Timestamp, "string", "date-time")
    api.register_field(Names, "string", None)
    api.register_field(Interval, "string", None)
    api.init_app(app)
    api.ma_plugin.converter.add_attribute_function(_property_names)
    for name, scheme in _SCHEMES.items():
        api.spec.components.security_scheme(name, dict(scheme))
    # Belongs to a header that no operation here sends.
    del api.spec.components.schemas["PaginationMetadata"]
    return api
