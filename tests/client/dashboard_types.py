"""The dashboard's types of the API's documents, made from the OpenAPI document: `api/dashboard/schema.d.ts`.

`python -m tests.client.dashboard_types` writes the file anew; a test fails while it is not up to date.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.api.gateway import temporary

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
TYPES = ROOT / "api/dashboard/schema.d.ts"
TIMEOUT_S = 100.0

_HEAD = "// Made by `python -m tests.client.dashboard_types` from /openapi.json; do not edit.\n\n"


def run(*command: str | Path, folder: Path, text: str | None = None) -> str:
    """The output of a program that succeeds; `text` is its input."""
    done = subprocess.run(
        command,
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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


def generated() -> str:
    """What the file should be: the schemas of the document, as the formatter writes them."""
    with temporary() as gateway:
        document: Any = gateway.client().get("/openapi.json").json
    # The page asks by paths of its own; of responses and parameters it needs nothing.
    document = {**document, "paths": {}, "tags": []}
    document["components"] = {"schemas": document["components"]["schemas"]}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "openapi.json"
        source.write_text(json.dumps(document), encoding="utf-8")
        types = run(tools() / ".bin/openapi-typescript", source, folder=FOLDER)
    run(ROOT / "tools/npm.sh", folder=ROOT)
    formatter = ROOT / "node_modules/.bin/prettier"
    return run(formatter, "--stdin-filepath", TYPES, folder=ROOT, text=_HEAD + types)


def main() -> None:
    """Write the file."""
    TYPES.write_text(generated(), encoding="utf-8")


if __name__ == "__main__":
    main()
