"""The dashboard's own tests, which Node.js runs: its logic without a browser and without a network."""

import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
TIMEOUT_S = 60.0


def test_the_logic_of_the_dashboard() -> None:
    node = shutil.which("node")
    assert node, "these tests need Node.js; on Debian: apt install nodejs"
    run = subprocess.run(
        [node, "--test", "--test-reporter=tap", *sorted(FOLDER.glob("*.test.js"))],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        # Times are shown in the zone of the reader, so the tests must not depend on it.
        env={**os.environ, "TZ": "Europe/Berlin"},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "\n# fail 0\n" in run.stdout
