"""The page that asks for a key, where nothing but health is served without one.

It has its script and style inside, since the files of the dashboard are not served either.
"""

import base64
import functools
import hashlib
import re
from pathlib import Path

from flask import Response

_PAGE = Path(__file__).with_name("login.html")


def login() -> Response:
    """The page, as the 401 it is."""
    html, policy = _page()
    response = Response(html, 401, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-store"
    return response


@functools.cache
def _page() -> tuple[str, str]:
    """The page, and the policy that allows its own script and style and nothing else."""
    html = _PAGE.read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_source(html, 'script')}; style-src {_source(html, 'style')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def _source(html: str, element: str) -> str:
    (content,) = re.findall(f"<{element}>(.*?)</{element}>", html, re.DOTALL)
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
