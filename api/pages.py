"""GET /: the page for people. Its script and style lie beside it under /dashboard/."""

from flask import Blueprint, Response, current_app

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> Response:
    """The page itself; the app serves its folder as static files."""
    return current_app.send_static_file("index.html")
