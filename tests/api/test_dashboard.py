import gzip
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import api

FOLDER = Path(api.__file__).parent / "dashboard"
OWN = [
    path
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file() and "vendor" not in path.relative_to(FOLDER).parts
]


def test_the_page_and_what_it_needs_are_served(client: FlaskClient) -> None:
    page = client.get("/", buffered=True)
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert "/dashboard/app/main.js" in addresses
    for address in addresses:
        assert client.get(address, buffered=True).status_code == 200, address


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("app/main.js", "text/javascript"),
        ("style/parts.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_its_files_have_the_right_type(client: FlaskClient, name: str, mimetype: str) -> None:
    reply = client.get(f"/dashboard/{name}", buffered=True)
    assert reply.mimetype == mimetype
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["ETag"]


def test_every_module_that_is_imported_is_there() -> None:
    scripts = [path for path in OWN if path.suffix == ".js"]
    imported = {
        (path.parent / name).resolve()
        for path in scripts
        for name in re.findall(r'(?:from|import\() ?"(\.[^"]+\.js)"', path.read_text("utf-8"))
    }
    assert imported <= set(scripts)
    begun = {FOLDER / "app/main.js", FOLDER / "reference/main.js"}
    assert set(scripts) - imported == begun


def test_what_the_first_view_needs_is_asked_for_at_once(client: FlaskClient) -> None:
    needed: set[Path] = set()
    waiting = [FOLDER / "app/main.js", FOLDER / "views/devices.js"]
    while waiting:
        path = waiting.pop()
        if path not in needed:
            needed.add(path)
            names = re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8"))
            waiting.extend((path.parent / name).resolve() for name in names)
    page = client.get("/", buffered=True).text
    preloaded = re.findall(r'rel="modulepreload" href="/dashboard/([^"]+)"', page)
    assert {FOLDER / name for name in preloaded} == needed - {FOLDER / "app/main.js"}


def test_nothing_of_it_comes_from_elsewhere_or_breaks_the_content_policy() -> None:
    for path in OWN:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, path.name
        assert "innerHTML" not in text, path.name
        assert "eval(" not in text, path.name
        assert "localStorage" not in text, path.name
    for name in ("index.html", "reference/page.html"):
        page = (FOLDER / name).read_text(encoding="utf-8")
        assert not re.search(r"<style|<script>| style=| on[a-z]+=", page)


def test_it_can_be_read_aloud_and_in_the_dark() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    for needed in ('lang="en"', "<main", 'role="status"', 'role="alert"', "<noscript>"):
        assert needed in page
    style = "".join(path.read_text("utf-8") for path in OWN if path.suffix == ".css")
    assert "prefers-color-scheme: dark" in style
    assert ":focus-visible" in style


def test_files_are_compressed_for_who_takes_it(client: FlaskClient) -> None:
    path = "/dashboard/style/parts.css"
    plain = client.get(path, buffered=True)
    packed = client.get(path, buffered=True, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert {"Accept-Encoding", "Origin"} <= set(packed.headers["Vary"].split(", "))
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get(path, buffered=True, headers=again).status_code == 304
    assert "Content-Encoding" not in client.get("/api/v1/status", headers=again).headers
