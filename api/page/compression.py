"""The page's files go out compressed: a phone on a weak radio link waits for bytes, not for the processor."""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

from api.page.pages import COMPRESSED

_KINDS = ("text/", "image/svg+xml")
_BYTES_MIN = 500
_FILES_KEPT = 128


def install(app: Flask) -> None:
    """Compress the static files of the app for clients that take it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if request.endpoint not in COMPRESSED or not (response.mimetype or "").startswith(_KINDS):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings["gzip"]:
        return response
    response.direct_passthrough = False
    plain = response.get_data()
    if len(plain) < _BYTES_MIN:
        return response
    response.set_data(_compressed(plain))
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)  # the same file, and not the same bytes
    return response


@lru_cache(maxsize=_FILES_KEPT)
def _compressed(plain: bytes) -> bytes:
    """Done once for each file, so the best compression costs nothing that anyone notices."""
    return gzip.compress(plain, compresslevel=9, mtime=0)
