"""A TypeScript client made from the API's description by public tools compiles strictly and works."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.gateway import GatewayProcess

FOLDER = Path(__file__).parent
TIMEOUT_S = 100.0


def run(*command: str | Path, folder: Path) -> str:
    """The output of a program that succeeds."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tools() -> Path:
    """Where generator and compiler are, installed as locked."""
    assert shutil.which("npm"), (
        "these tests need Node.js and npm; on Debian: apt install nodejs npm"
    )
    installed = FOLDER / "node_modules/.package-lock.json"
    locked = FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        run("npm", "ci", "--ignore-scripts", folder=FOLDER)
    return FOLDER / "node_modules"


@pytest.fixture
def workshop(tools: Path, tmp_path: Path) -> Path:
    """A folder with the client's source, its compiler's settings and the tools."""
    for name in ("client.ts", "tsconfig.json", "package.json"):
        shutil.copy(FOLDER / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(tools)
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
        tools = workshop / "node_modules/.bin"
        run(tools / "openapi-typescript", document, "--output", "schema.ts", folder=workshop)
        run(tools / "tsc", "--strict", "--project", "tsconfig.json", folder=workshop)
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
