"""The stock WoT client, `@node-wot`, uses a real gateway."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.gateway import GatewayProcess

FOLDER = Path(__file__).parent
TIMEOUT_S = 100.0


@pytest.fixture(scope="module")
def client() -> Path:
    """The client's script, what it needs installed as locked."""
    installed = FOLDER / "node_modules/.package-lock.json"
    locked = FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=FOLDER, check=True, timeout=TIMEOUT_S)
    return FOLDER / "client.js"


def test_it_reads_observes_and_invokes_from_the_descriptions_alone(
    client: Path, tmp_path: Path
) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all are online")
        run = subprocess.run(
            ["node", client, f"http://127.0.0.1:{gateway.port}"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        said = json.loads(run.stdout.splitlines()[-1])
        names = ["greenhouse", "workshop", "vehicle", "laboratory"]
        assert said["things"] == names
        assert said["items"] == [f"api/v1/things/{name}" for name in names]
        assert isinstance(said["battery"], float)
        assert {"battery", "speed"} <= set(said["properties"])
        assert len(said["observed"]) == 3
        assert said["readings"] == ["vehicle"] * 2
        assert said["lamp"] == ["lamp", {"level": 40}, "done"]
        assert "UNPROCESSABLE" in said["refused"].upper()
        assert said["withoutInput"] == ["self_test", "done"]
        device = gateway.get("/api/v1/commands?device=vehicle")["commands"]
        assert [one["name"] for one in device] == ["lamp"]
