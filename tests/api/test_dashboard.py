import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import api

FOLDER = Path(api.__file__).parent / "dashboard"


def test_the_page_and_what_it_needs_are_served(client: FlaskClient) -> None:
    page = client.get("/", buffered=True)
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(address, buffered=True).status_code == 200, address


@pytest.mark.parametrize(
    ("name", "mimetype"), [("dashboard.js", "text/javascript"), ("dashboard.css", "text/css")]
)
def test_its_files_have_the_right_type(client: FlaskClient, name: str, mimetype: str) -> None:
    reply = client.get(f"/dashboard/{name}", buffered=True)
    assert reply.mimetype == mimetype
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["ETag"]


def test_nothing_of_it_comes_from_elsewhere_or_breaks_the_content_policy() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path.name
        assert "innerHTML" not in text, path.name
        assert "eval(" not in text, path.name
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|<script>| style=| on[a-z]+=", page)


def test_it_can_be_read_aloud_and_in_the_dark() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    for needed in (
        'lang="en"',
        "<main>",
        "<caption>",
        'scope="col"',
        'role="status"',
        "<noscript>",
    ):
        assert needed in page
    style = (FOLDER / "dashboard.css").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in style
    assert ":focus-visible" in style
