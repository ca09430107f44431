"""What parts of the gateway bring: resources by the name of a module, views of the page."""

import gzip

import pytest
from flask.testing import FlaskClient

from api.app import load
from api.resources.status.document import StatusSchema
from gateway.access.keys import Scope
from gateway.host.view import PartView
from tests.api.gateway import Gateway, fits

VIEW = PartView("weather", "Weather", "tests.dashboard.part", "view.js")
FILE = "/dashboard/parts/weather/view.js"
RESOURCE = "tests.dashboard.part.resource"


@pytest.fixture
def with_part(bare: Gateway) -> FlaskClient:
    bare.views = (VIEW,)
    bare.parts = {"weather": "clear"}
    bare.resources = (RESOURCE,)
    return bare.client()


def test_its_resource_is_served_described_and_asks_for_keys(
    with_part: FlaskClient, bare: Gateway
) -> None:
    assert with_part.get("/api/v1/weather").json == {"sky": "clear"}
    described = with_part.get("/openapi.json").json
    assert described is not None
    assert described["paths"]["/api/v1/weather"]["get"]["operationId"] == "get_weather"
    bare.add_key(Scope.READ)
    assert with_part.get("/api/v1/weather").status_code == 401


def test_without_the_part_there_is_nothing(client: FlaskClient) -> None:
    assert client.get("/api/v1/weather").status_code == 404
    assert client.get(FILE).status_code == 404
    assert (client.get("/api/v1/status").json or {})["views"] == []


@pytest.mark.parametrize("name", ["tests.dashboard.part", "api.json"])
def test_a_module_without_a_resource_is_named(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} has no `resource`"):
        load([name])
    with pytest.raises(ModuleNotFoundError):
        load(["api.resources.gremlins"])


def test_the_page_learns_of_its_view(with_part: FlaskClient) -> None:
    status = with_part.get("/api/v1/status").json
    assert status is not None
    assert fits(StatusSchema, status)
    assert status["views"] == [{"name": "weather", "title": "Weather", "module": FILE}]


@pytest.mark.parametrize("name", ["view.js", "words.js"])
def test_its_files_are_served_as_those_of_the_dashboard(with_part: FlaskClient, name: str) -> None:
    reply = with_part.get(f"/dashboard/parts/weather/{name}")
    own = with_part.get("/dashboard/app/main.js", buffered=True)
    assert reply.status_code == 200
    for header in ("Content-Type", "Cache-Control", "Content-Security-Policy", "Vary"):
        assert reply.headers[header] == own.headers[header], header
    again = {"If-None-Match": reply.headers["ETag"]}
    assert with_part.get(f"/dashboard/parts/weather/{name}", headers=again).status_code == 304


def test_its_files_are_compressed(with_part: FlaskClient) -> None:
    plain = with_part.get(FILE)
    packed = with_part.get(FILE, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data


@pytest.mark.parametrize(
    "path",
    [
        "weather/resource.py",
        "weather/__init__.py",
        "weather/nothing.js",
        "weather/../part/view.js",
        "weather/..%2Farguments.test.js",
        "weather/%2Fetc%2Fpasswd",
        "weather/.js",
        "weather/",
        "rain/view.js",
        "weather/view.js%00.js",
    ],
)
def test_nothing_else_of_its_package_is_served(with_part: FlaskClient, path: str) -> None:
    reply = with_part.get(f"/dashboard/parts/{path}")
    assert (reply.status_code, (reply.json or {})["code"]) == (404, "not_found")


def test_where_others_can_reach_it_its_files_need_a_key(bare: Gateway) -> None:
    bare.views = (VIEW,)
    client = bare.client(host="0.0.0.0")
    assert client.get(FILE).status_code == 401
    secret = bare.add_key(Scope.READ)
    assert client.get(FILE, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    local = bare.client()
    assert local.get(FILE).status_code == 200, "as all files of the page on loopback"
