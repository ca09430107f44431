"""Installs the fuzzer, starts a gateway with a key, lets the fuzzer at it, stops the gateway."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKED = ROOT / "tools/requirements/schemathesis.txt"
INSTALLED = ROOT / ".cache/schemathesis"
START_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.1

# The limit of wrong keys is lifted: the fuzzer sends many on purpose, and every one must be refused with 401.
# What the limit does has tests of its own.
GATEWAY = (
    "import sys, api.access.attempts; api.access.attempts.BURST = 10**9; "
    "from gateway.cli import main; sys.exit(main())"
)


def main(arguments: Sequence[str]) -> int:
    """Fuzz and return the fuzzer's exit code; `arguments` go to it."""
    fuzzer = install()
    with tempfile.TemporaryDirectory(prefix="gateway-fuzz-") as folder:
        environ = {
            **os.environ,
            "XDG_STATE_HOME": f"{folder}/state",
            "LOGS_DIRECTORY": f"{folder}/logs",
            "PYTHONPATH": str(ROOT),
        }
        with running_gateway(Path(folder), environ) as (port, key):
            return subprocess.run(
                [
                    *(fuzzer, "--config-file", ROOT / "tools/fuzz/schemathesis.toml", "run"),
                    *(f"http://127.0.0.1:{port}/openapi.json", "--checks", "all"),
                    *("--header", f"Authorization: Bearer {key}", "--continue-on-failure"),
                    *(arguments or ("--max-examples", "50")),
                ],
                cwd=folder,
                check=False,
            ).returncode


def install() -> Path:
    """The fuzzer in its own environment, made anew when the locked list has changed."""
    stamp = INSTALLED / "installed.txt"
    program = INSTALLED / "bin/schemathesis"
    if not stamp.exists() or stamp.read_bytes() != LOCKED.read_bytes():
        print(f"installing {LOCKED.relative_to(ROOT)}", flush=True)
        venv.create(INSTALLED, clear=True, with_pip=True)
        pip = [str(INSTALLED / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--require-hashes", "-r", LOCKED], check=True)
        stamp.write_bytes(LOCKED.read_bytes())
    return program


@contextlib.contextmanager
def running_gateway(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Port and key of a gateway that collects and stores; stopped in the end."""
    made = subprocess.run(
        [sys.executable, "-m", "gateway", "keys", "create", "--name", "fuzz", "--scope", "admin"],
        cwd=folder,
        env=environ,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    port = free_port()
    command = [sys.executable, "-c", GATEWAY, "run", "--no_i2c", "--port", str(port)]
    console = folder / "console.txt"
    with console.open("wb") as output:
        gateway = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=output)
    try:
        wait_until_ready(gateway, port)
        yield port, made.stdout.strip()
    finally:
        gateway.terminate()
        status = gateway.wait()
        lines = console.read_text(errors="replace").splitlines()
        print("\n".join(["the gateway's last words:", *lines[-5:]]))
    if status != 0 or any("Traceback" in line for line in lines):
        raise SystemExit(f"the gateway ended with {status} and said:\n" + "\n".join(lines[-60:]))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(gateway: "subprocess.Popen[bytes]", port: int) -> None:
    """Return when /readyz says so; `SystemExit` when the gateway ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and gateway.poll() is None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
        with contextlib.suppress(subprocess.TimeoutExpired):
            gateway.wait(LOOK_EVERY_S)
    raise SystemExit("the gateway did not get ready")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
