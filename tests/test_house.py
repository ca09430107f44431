"""The rules of the house that a reader of one file cannot see: who may import whom, and where."""

import ast
import dataclasses
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from gateway.drivers.table import DRIVERS

ROOT = Path(__file__).resolve().parents[1]

# Package -> packages of ours that it may import beside itself.
MAY_IMPORT = {
    "arduino_iface": set(),
    "dummy_hw": {"arduino_iface"},
    "gateway": {"arduino_iface"},
    "api": {"arduino_iface", "gateway"},
}
OURS = {*MAY_IMPORT, "tools", "tests"}
COMPOSITION_ROOTS = ("gateway/app.py", "gateway/simulation.py")

# The one other kind of file in gateway/ that may import dummy_hw: the simulated board of a driver. It is
# imported by its name, with --no_i2c only, so no file may import it at its top or anywhere else.
SIMULATION = re.compile(r"gateway/drivers/\w+/simulation\.py")

# Tables of names: they import nothing of ours, so whoever needs a name may read them. What they name is
# imported late. Each is a room of its own.
TABLES = ("gateway.parts", "gateway.drivers.table")

# Outside library -> its home: the files and folders that may import it. Everything else sees it
# through a type of ours, so that replacing one is work in one place.
HOMES = {
    "bson": ("gateway/sinks/",),
    "dotenv": ("gateway/config/",),
    "flask": ("api/",),
    "flask_smorest": ("api/",),
    "marshmallow": ("api/", "gateway/config/"),
    "multitimer": ("gateway/collection/",),
    "prometheus_client": ("gateway/observe/",),
    "pyarrow": ("gateway/cli/formats.py",),
    "pymongo": ("gateway/sinks/",),
    "serial": ("arduino_iface/serial_transport.py",),
    "shtab": ("gateway/cli/completion.py",),
    "smbus2": ("arduino_iface/i2c_transport.py",),
    "sqlite3": ("gateway/journal/",),
    "waitress": ("api/",),
    "werkzeug": ("api/",),
}

# Files that tell a package manager where to get things, and the locked lists they make.
CLIENT_FILES = {
    ".npmrc",
    "Makefile",
    "Pipfile",
    "package.json",
    "pip.conf",
    "platformio.ini",
    "pyproject.toml",
    "setup.cfg",
    "uv.toml",
    "vendor.json",
}
CLIENT_FOLDERS = (".ci", "tools/requirements")
CLIENT_SUFFIXES = {".lock", ".sh"}
LOCK_NAMES = ("package-lock.json", "pylock*.toml", "requirements*.txt")

SOURCE_SUFFIXES = {".py", ".c", ".cpp", ".css", ".h", ".html", ".ino", ".js", ".sql"}
MAX_LINES = 500


@dataclasses.dataclass(frozen=True)
class Import:
    """One name that a file imports; of a name of ours, the part that is a module."""

    path: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py")
}


def resolve(dotted: str) -> str:
    """Cut attributes off: `gateway.app.App` is in `gateway.app`; leave foreign names alone."""
    if dotted.partition(".")[0] not in MAY_IMPORT:
        return dotted
    while "." in dotted and dotted not in MODULES:
        dotted = dotted.rpartition(".")[0]
    return dotted


def imports_of(module: str) -> Iterator[Import]:
    """Yield every import of a file, wherever in it, also those for the type checker alone."""
    path = MODULES[module]
    where = path.relative_to(ROOT).as_posix()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=where)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(where, node.lineno, resolve(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                above = parents[: len(parents) - (node.level - 1)]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                yield Import(where, node.lineno, resolve(f"{base}.{alias.name}"))


IMPORTS = {module: tuple(imports_of(module)) for module in MODULES}


def test_the_four_packages_are_found() -> None:
    assert MAY_IMPORT.keys() <= MODULES.keys()


def test_dependencies_point_one_way() -> None:
    upward = [
        str(found)
        for imports in IMPORTS.values()
        for found in imports
        if found.path not in COMPOSITION_ROOTS
        and (target := found.module.partition(".")[0]) in OURS
        and target != (package := found.path.partition("/")[0])
        and target not in MAY_IMPORT[package]
        and not (target == "dummy_hw" and SIMULATION.fullmatch(found.path))
    ]
    assert upward == []


def test_simulations_are_imported_by_name_alone() -> None:
    simulations = {
        module
        for module, path in MODULES.items()
        if SIMULATION.fullmatch(path.relative_to(ROOT).as_posix())
    }
    assert len(simulations) == len(DRIVERS)
    imported = [
        str(one) for found in IMPORTS.values() for one in found if one.module in simulations
    ]
    assert imported == []


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_names_imports_nothing_of_ours(table: str) -> None:
    assert [str(found) for found in IMPORTS[table] if found.module in MODULES] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {found.module for found in imports if found.module in MODULES} - {module}
        for module, imports in IMPORTS.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_each_outside_library_has_one_home() -> None:
    strangers = []
    for imports in IMPORTS.values():
        for found in imports:
            library = found.module.partition(".")[0]
            if library in OURS or (library in sys.stdlib_module_names and library not in HOMES):
                continue
            if not found.path.startswith(HOMES.get(library, ())):
                home = " or ".join(HOMES.get(library, ("nowhere yet: name it in HOMES",)))
                strangers.append(f"{found}, whose home is {home}")
    assert strangers == []


def client_files() -> Iterator[Path]:
    for path in ROOT.rglob("*"):
        where = path.relative_to(ROOT)
        # Folders that begin with a dot are environments and caches, but for the CI's.
        hidden = where.parts[0].startswith(".") and where.parts[0] != ".ci"
        if "node_modules" in where.parts or (hidden and len(where.parts) > 1) or not path.is_file():
            continue
        if (
            path.name in CLIENT_FILES
            or path.suffix in CLIENT_SUFFIXES
            or where.as_posix().startswith(CLIENT_FOLDERS)
            or any(path.match(pattern) for pattern in LOCK_NAMES)
        ):
            yield path


def test_no_lock_or_client_file_names_a_registry() -> None:
    files = list(client_files())
    assert ROOT / "tools/requirements/run.txt" in files
    with_address = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "http://" in line or "https://" in line
    ]
    assert with_address == []


def test_every_file_can_be_read_in_one_go() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in MAY_IMPORT
        for path in (ROOT / package).rglob("*")
        if path.suffix in SOURCE_SUFFIXES and "vendor" not in path.parts
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def room(module: str) -> str:
    """The folder of gateway/ that a module is in; a module outside of them is its own room, as is a table."""
    parts = module.split(".")
    if module in TABLES:
        return module
    return ".".join(parts[:2]) if parts[0] == "gateway" and len(parts) > 2 else module


def test_no_rooms_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, imports in IMPORTS.items():
        if module.partition(".")[0] == "gateway":
            targets = {room(found.module) for found in imports if found.module in MODULES}
            ours = {target for target in targets if target.startswith("gateway.")}
            graph.setdefault(room(module), set()).update(ours - {room(module)})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))
