"""A TypeScript client made from the API's description by public tools compiles strictly and works."""

import json
import shutil
from pathlib import Path

import pytest

from tests.client.dashboard_types import FOLDER, TIMEOUT_S, TYPES, generated, run, tools
from tests.support.gateway import GatewayProcess


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A folder with the client's source, its compiler's settings and the tools."""
    for name in ("client.ts", "tsconfig.json", "package.json"):
        shutil.copy(FOLDER / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(tools())
    return tmp_path


def test_it_is_generated_compiled_and_used(
    workshop: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with GatewayProcess(tmp_path_factory.mktemp("gateway"), "--no_i2c") as gateway:
        gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all are online")
        gateway.until(
            lambda: len(gateway.get("/api/v1/devices/vehicle/readings")["readings"]) >= 2,
            "two readings are stored",
        )
        document = workshop / "openapi.json"
        document.write_text(json.dumps(gateway.get("/openapi.json")), encoding="utf-8")
        programs = workshop / "node_modules/.bin"
        run(programs / "openapi-typescript", document, "--output", "schema.ts", folder=workshop)
        run(programs / "tsc", "--strict", "--project", "tsconfig.json", folder=workshop)
        address = f"http://127.0.0.1:{gateway.port}"
        said = json.loads(run("node", "client.js", address, folder=workshop))
        stored = gateway.get("/api/v1/commands?device=vehicle")["commands"]
    names = ["greenhouse", "workshop", "vehicle", "laboratory"]
    assert said["ids"] == names
    assert said["states"] == ["online"] * len(names)
    assert set(said["ages"]) == set(names)
    assert all(0 <= age < TIMEOUT_S for age in said["ages"].values())
    assert [set(one["values"]) for one in said["page"]["readings"]] == [{"battery"}] * 2
    assert set(said["windows"]["windows"][0]["values"]["battery"]) == {"min", "max"}
    assert said["command"] == ["lamp", {"level": 40}, "done"]
    assert said["took"] >= 0
    assert said["missing"] == [404, 404, "unknown_device"]
    assert said["wrong"][:2] == [422, "invalid_arguments"]
    assert [(one["name"], one["state"]) for one in stored] == [("lamp", "done")]


def test_the_types_of_the_dashboard_are_up_to_date() -> None:
    assert TYPES.read_text(encoding="utf-8") == generated(), (
        "run: python -m tests.client.dashboard_types"
    )
