"""The pages for people: GET / is the dashboard, GET /docs the reference of the API.

Their scripts and styles lie under /dashboard/. On loopback these and the dashboard are open to everyone: they
hold nothing of this gateway, and it is the dashboard that asks for a key. Where others can reach the gateway,
`login` asks for one before anything else is served. The reference shows what needs a key.
"""

from flask import Blueprint, Response, current_app

blueprint = Blueprint("pages", __name__)

ENDPOINTS = ("static", "pages.index")
"""What is open to everyone on loopback."""

# The library's style sheet has its small icons within, as data: addresses.
_REFERENCE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/")
def index() -> Response:
    """The dashboard itself; the app serves its folder as static files."""
    return current_app.send_static_file("index.html")


@blueprint.get("/docs")
def reference() -> Response:
    """The reference of the API; it loads `/openapi.json`."""
    response = current_app.send_static_file("reference/page.html")
    response.headers["Content-Security-Policy"] = _REFERENCE_POLICY
    return response
