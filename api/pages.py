"""GET /: the page for people. Its scripts and styles lie beside it under /dashboard/.

They are open to everyone: they hold nothing of this gateway, and it is this page that asks for a key.
"""

from flask import Blueprint, Response, current_app

blueprint = Blueprint("pages", __name__)

ENDPOINTS = ("static", "pages.index")
"""What the page is made of."""


@blueprint.get("/")
def index() -> Response:
    """The page itself; the app serves its folder as static files."""
    return current_app.send_static_file("index.html")
