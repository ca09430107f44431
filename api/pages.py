"""GET /: the page for people. Its script and style lie beside it under /dashboard/.

Who may not see it gets a page that asks for a key instead. That one has its script inside, since nothing else
is served without a key.
"""

import base64
import functools
import hashlib
import re
from pathlib import Path

from flask import Blueprint, Response, current_app

blueprint = Blueprint("pages", __name__)

_LOGIN = Path(__file__).with_name("login.html")


@blueprint.get("/")
def index() -> Response:
    """The page itself; the app serves its folder as static files."""
    return current_app.send_static_file("index.html")


def login() -> Response:
    """The page that asks for a key, as the 401 it is."""
    html, policy = _login_page()
    response = Response(html, 401, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-store"
    return response


@functools.cache
def _login_page() -> tuple[str, str]:
    """The page, and the policy that allows its own script and style and nothing else."""
    html = _LOGIN.read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_source(html, 'script')}; style-src {_source(html, 'style')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def _source(html: str, element: str) -> str:
    (content,) = re.findall(f"<{element}>(.*?)</{element}>", html, re.DOTALL)
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
