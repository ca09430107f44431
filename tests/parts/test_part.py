"""A part is one folder and one line: tests/parts/jsonlines is added to a copy of the gateway and run."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.waiting import latest, until_all_measure
from tests.support.gateway import GatewayProcess
from tests.support.process import ROOT

LINE = '    PartLine("jsonlines", "tests.parts.jsonlines.part"),\n'
DEVICES = ["greenhouse", "laboratory", "vehicle", "workshop"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Makes `gateway` a copy that has one line more."""
    copy = tmp_path / "source" / "gateway"
    shutil.copytree(ROOT / "gateway", copy, ignore=shutil.ignore_patterns("__pycache__"))
    table = copy / "parts.py"
    text = table.read_text(encoding="utf-8")
    start = text.index("PARTS: tuple")
    end = text.index("\n)", start) + 1
    table.write_text(text[:end] + LINE + text[end:], encoding="utf-8")
    assert changed(copy) == ["parts.py"]
    return {"PYTHONPATH": os.pathsep.join([str(copy.parent), str(ROOT)])}


def changed(copy: Path) -> list[str]:
    names = [path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()]
    _, differ, missing = filecmp.cmpfiles(ROOT / "gateway", copy, names, shallow=False)
    return differ + missing


def gateway(folder: Path, environ: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and output of a command of the copy."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "gateway", *arguments],
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_all_of_a_part_works_by_one_folder_and_one_line(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    path = tmp_path / "lines.jsonl"
    config = f'[jsonlines]\npath = "{path}"\n'
    with GatewayProcess(tmp_path, "--no_i2c", config=config, environ=environ) as running:
        until_all_measure(running, DEVICES)
        running.until(path.exists, "the file is written")
        status = running.get("/api/v1/status")
        assert status["parts"]["jsonlines"]["path"] == str(path)
        assert [sink["name"] for sink in status["sinks"]] == ["jsonlines"]
        assert status["views"] == [
            {
                "name": "jsonlines",
                "title": "JSON lines",
                "module": "/dashboard/parts/jsonlines/view.js",
            }
        ]
        assert running.get("/api/v1/jsonlines")["written"] > 0
        assert "/api/v1/jsonlines" in running.get("/openapi.json")["paths"]
        metrics = running.text("/metrics")
        assert int(float(re.findall(r"^gateway_jsonlines_total (\S+)$", metrics, re.M)[0])) > 0
        assert "export function open(root)" in running.text("/dashboard/parts/jsonlines/view.js")
        key = latest(running)["greenhouse"]["key"]
        running.until(lambda: key in keys(path), "the newest reading is in the file")
        assert running.terminate() == 0
    assert len(keys(path)) == len(set(keys(path)))


def keys(path: Path) -> list[str]:
    return [json.loads(line)["key"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_nothing_is_lost_while_the_file_cannot_be_written(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    path = tmp_path / "away" / "lines.jsonl"
    config = f'[jsonlines]\npath = "{path}"\n'
    with GatewayProcess(tmp_path, "--no_i2c", config=config, environ=environ) as running:
        until_all_measure(running, DEVICES)
        running.until(lambda: sink_of(running)["state"] == "backing_off", "the sink is away")
        first = latest(running)["greenhouse"]["key"]
        path.parent.mkdir()
        running.until(lambda: path.exists() and first in keys(path), "what waited is written")
        assert running.terminate() == 0
    assert len(keys(path)) == len(set(keys(path)))


def sink_of(running: GatewayProcess) -> dict[str, object]:
    (sink,) = running.get("/api/v1/status")["sinks"]
    assert isinstance(sink, dict)
    return sink


def test_its_section_and_its_check_speak_in_the_terminal(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'[jsonlines]\npath = "{tmp_path}/gone/lines.jsonl"\n')
    code, said = gateway(tmp_path, environ, "check", "--no_i2c")
    assert code == 1
    assert f"WRONG there is no folder {tmp_path}/gone\n      do: mkdir {tmp_path}/gone" in said
    config.write_text("[jsonlines]\npth = 1\n")
    code, said = gateway(tmp_path, environ, "check")
    assert code == 78
    assert 'gateway.toml:2: jsonlines.pth: unknown key; did you mean "path"?' in said


def test_without_its_line_the_table_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[jsonlines]\n")
    code, said = gateway(tmp_path, {"PYTHONPATH": str(ROOT)}, "check")
    assert code == 78
    assert "gateway.toml:1: jsonlines: unknown" in said


# A gateway made as `gateway run` makes it, not started; says what was imported, and its memory in KiB.
MADE = """\
import json, os, sys
from pathlib import Path
from gateway.app import App
from gateway.config import CommandLineOptions, load
from gateway.log.system import set_up
settings = load(CommandLineOptions(), os.environ, Path.cwd())
logs = set_up(settings.logging)
App(settings, logs)
logs.stop()
resident = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(json.dumps([sorted(sys.modules), int(resident.split()[1])]))
"""


def made(folder: Path, environ: dict[str, str]) -> tuple[set[str], int]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", MADE],
        cwd=folder,
        env={"HOME": str(folder), **environ},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    modules, resident_kib = json.loads(done.stdout)
    return set(modules), resident_kib


def under(modules: set[str]) -> Callable[[str], list[str]]:
    return lambda name: [one for one in modules if one == name or one.startswith(f"{name}.")]


def test_a_part_that_is_not_configured_is_not_imported_and_takes_no_memory(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    without, without_kib = made(tmp_path, environ)
    mongo = {**environ, "MONGO_URI": "mongodb://127.0.0.1:1/"}
    with_mongo, with_mongo_kib = made(tmp_path, mongo)
    assert [*under(without)("tests.parts"), *under(without)("gateway.sinks")] == []
    assert [*under(without)("pymongo"), *under(without)("bson"), *under(without)("dummy_hw")] == []
    assert under(with_mongo)("pymongo") != []
    assert under(with_mongo)("tests.parts") == []
    # The driver alone takes several MB; pages that the kernel shares differ a little from run to run.
    assert with_mongo_kib - without_kib > 2000
