"""Which form of a reply the client wants (`Accept`, RFC 9110 section 12.5.1)."""

from collections.abc import Sequence

from flask import Response, jsonify, request

from api.problems import Problem

JSON = "application/json"


def negotiated(offers: Sequence[str]) -> str:
    """The offer that the client likes best; of several, the first.

    The most specific range that fits an offer decides, so `text/csv;q=0, */*` means all but CSV. Raises
    the problem `not_acceptable`.
    """
    accept = request.accept_mimetypes
    if not accept:
        return offers[0]
    best = max(offers, key=accept.quality)  # max takes the first of several
    if accept.quality(best) > 0:
        return best
    raise Problem("not_acceptable", f"this can be had as {', '.join(offers)}")


def json_as(content_type: str, document: object) -> Response:
    """JSON of a more special type, such as `application/td+json`."""
    response = jsonify(document)
    response.content_type = content_type
    return response
