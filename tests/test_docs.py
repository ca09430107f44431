"""The documents say what there is, all of it, and nothing else."""

import argparse
import ast
import importlib
import re
import shlex
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

import dummy_hw.__main__ as dummy_program
from api.problems import KINDS
from arduino_iface import crc, frame, schema
from arduino_iface.deframer import Deframer
from gateway import cli
from gateway.config.loader import CommandLineOptions, load
from gateway.config.secrets import known_keys
from gateway.model.command import CommandState
from gateway.model.reading import LossReason, Quality
from gateway.model.registry import DeviceState
from gateway.parts import PARTS
from tests.api.gateway import temporary
from tests.arduino_iface import vectors
from tests.support.configuration_keys import documented_keys
from tests.support.documents import (
    PAGES,
    ROOT,
    TEXTS,
    blocks,
    codes_in,
    keys_in,
    leads_somewhere,
    links,
    routes_in,
    rows,
    shell_lines,
)

README = TEXTS["README.md"]
CONTRIBUTING = TEXTS["CONTRIBUTING.md"]
API = TEXTS["docs/api.md"]
CONFIGURATION = TEXTS["docs/configuration.md"]
TERMINAL = TEXTS["docs/commands.md"]
RELIABILITY = TEXTS["docs/reliability.md"]
PROTOCOL = TEXTS["docs/protocol.md"]
FOR_USERS = [
    text for name, text in TEXTS.items() if name == "README.md" or name.startswith("docs/")
]
REFERENCE = "\n".join(FOR_USERS)

FIRST_PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")

LONGEST = {"README.md": 200, "ARCHITECTURE.md": 100}
"""Lines that a page may have, for pages that are read from beginning to end."""

OTHERS_SAY = {"Watchdog timeout"}
"""Messages of systemd that the troubleshooting page explains."""

COMMANDS = [line for text in TEXTS.values() for line in shell_lines(text)]


EXAMPLES = blocks("toml")
PYTHON = blocks("python")
SKETCHES = [body for body in blocks("cpp") if "void setup()" in body]


def typed_in_a_terminal() -> list[list[str]]:
    """The words after `gateway` in blocks marked `text`, where what is typed stands beside its output."""
    names = "|".join(one.NAME for one in cli.COMMANDS)
    typed = re.compile(rf"(?:\$ )?(?:sudo )?(?:\w+=\S+ )?gateway ((?:{names})\b.*)")
    lines = (line for block in blocks("text") for line in block.splitlines())
    return [shlex.split(match[1]) for line in lines if (match := typed.fullmatch(line))]


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every long option of a program and its commands."""
    found: set[str] = set()
    for action in parser._actions:
        found.update(option for option in action.option_strings if option.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found |= options_of(command)
    return found


def make_api() -> Flask:
    """The API with everything that it can serve; its gateway is closed already."""
    with temporary() as gateway:
        return gateway.app()


def api_rules() -> Iterator[tuple[str, str]]:
    """Method and path of everything the API serves but the files of its page."""
    for rule in make_api().url_map.iter_rules():
        if not rule.rule.startswith("/dashboard/"):
            path = rule.rule.replace("<", "{").replace(">", "}")
            yield from ((m, path) for m in (rule.methods or set()) - {"HEAD", "OPTIONS"})


@pytest.mark.parametrize("name", LONGEST)
def test_a_page_that_is_read_as_a_whole_is_short(name: str) -> None:
    assert len(TEXTS[name].splitlines()) <= LONGEST[name]


def test_the_two_commands_are_at_the_top() -> None:
    assert shell_lines(README)[:2] == ["make run", "make test"]
    assert README.splitlines().index("make test") < 12


def test_every_configuration_key_is_in_the_reference() -> None:
    assert keys_in(CONFIGURATION) == documented_keys()


@pytest.mark.parametrize(
    ("home", "facts"),
    [("docs/configuration.md", keys_in), ("docs/api.md", routes_in), ("docs/api.md", codes_in)],
)
def test_each_fact_has_one_place(home: str, facts: Callable[[str], set[object]]) -> None:
    assert [name for name, text in TEXTS.items() if name != home and facts(text)] == []


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_a_configuration_is_right(text: str, tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(text)
    options = CommandLineOptions(env_file=Path("/dev/null"))
    load(options, {"HOME": str(tmp_path)}, tmp_path)


def test_every_secret_is_in_the_reference() -> None:
    assert [key for key in known_keys(PARTS) if f"`{key}`" not in REFERENCE] == []


@pytest.mark.parametrize("parser", [cli.make_parser(), dummy_program._parser()])
def test_every_option_is_in_the_reference(parser: argparse.ArgumentParser) -> None:
    mentioned = set(re.findall(r"`(--[\w-]+)", REFERENCE))
    assert options_of(parser) - mentioned <= {"--help"}


def test_no_option_is_made_up() -> None:
    known = options_of(cli.make_parser()) | options_of(dummy_program._parser())
    assert set(re.findall(r"`(--[\w-]+)", REFERENCE)) <= known


def test_every_command_is_in_the_reference() -> None:
    assert [
        name for name in (one.NAME for one in cli.COMMANDS) if f"`gateway {name}`" not in REFERENCE
    ] == []


def test_the_table_of_routes_is_complete_and_true() -> None:
    assert routes_in(API) == set(api_rules())


def test_the_tables_of_error_codes_are_complete_and_true() -> None:
    assert codes_in(API) == {(kind.status, kind.code) for kind in KINDS.values()}


@pytest.mark.parametrize(
    ("words", "page"),
    [(DeviceState, API), (CommandState, API), (Quality, API), (LossReason, RELIABILITY)],
)
def test_every_word_of_the_api_is_explained(words: type[StrEnum], page: str) -> None:
    explained = {cells[0].strip("`") for cells in rows(page)}
    assert {word.value for word in words} <= explained


def test_every_exit_code_is_explained() -> None:
    section = TERMINAL.partition("## Exit codes")[2].partition("\n## ")[0]
    explained = {cells[0] for cells in rows(section)}
    assert {str(cli.EXIT_STOPPED), str(cli.EXIT_OTHER), str(cli.EXIT_CONFIG), "2"} <= explained


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    found = links(page.read_text("utf-8"))
    assert [link for link in found if not leads_somewhere(page, link)] == []


def test_every_page_of_docs_is_linked_from_a_first_page() -> None:
    linked = {link.partition("#")[0] for name in FIRST_PAGES for link in links(TEXTS[name])}
    assert [name for name in TEXTS if name.startswith("docs/") and name not in linked] == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_that_is_named_exists(name: str) -> None:
    folders = "api|arduino_iface|docs|dummy_hw|gateway|tests|tools"
    named = re.findall(rf"(?<![\w/.$~-])((?:{folders})/[\w./-]*)", TEXTS[name])
    # NAME stands for any; what is before it exists.
    paths = {path.partition("NAME")[0].rstrip(".") for path in named}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("text", PYTHON, ids=range(len(PYTHON)))
def test_what_an_example_in_python_imports_exists(text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module or "")
            assert [one.name for one in node.names if not hasattr(module, one.name)] == []


@pytest.mark.parametrize("name", ["part.py", "resource.py"])
def test_the_example_part_is_the_one_that_is_tested(name: str) -> None:
    assert (ROOT / "tests/parts/jsonlines" / name).read_text(encoding="utf-8") in PYTHON


def sketch(text: str) -> list[str]:
    """The lines of a sketch that do something, with I2C and USB taken for the same."""
    lines = [line for line in text.splitlines() if line and not line.startswith("//")]
    return [re.sub(r"begin(I2C|Serial)\(.*\);.*", "begin", line) for line in lines]


@pytest.mark.parametrize("text", SKETCHES, ids=range(len(SKETCHES)))
def test_the_first_sketch_is_the_example_that_the_firmware_tests_build(text: str) -> None:
    example = ROOT / "arduino_iface/firmware/examples/Hello/Hello.ino"
    assert sketch(text) == sketch(example.read_text("utf-8"))


def texts_of_the_program() -> Iterator[str]:
    """What the gateway's code may print: its texts, `{}` in place of what is put in; scripts as they are."""
    for folder in ("api", "arduino_iface", "gateway"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = node.values
                    yield "".join(
                        one.value if isinstance(one, ast.Constant) else "{}" for one in parts
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    yield from (path.read_text("utf-8") for path in (ROOT / "tools").glob("*.sh"))


def quoted_messages() -> list[str]:
    """The pieces of messages in the first column of the troubleshooting page, without names and numbers."""
    cells = (one[0] for one in rows(TEXTS["docs/troubleshooting.md"]))
    quoted = (quote for cell in cells for quote in re.findall(r"`([^`]+)`", cell))
    pieces = [
        piece.strip()
        for quote in quoted
        if not quote.startswith(("gateway ", "make ", "journalctl ", '"'))
        for piece in re.split(r"…\S*|/dev/\S+|127\.\S+|\b\d+\b", quote)
    ]
    return [piece for piece in pieces if " " in piece and piece not in OTHERS_SAY]


PROGRAM = list(texts_of_the_program())


@pytest.mark.parametrize("message", quoted_messages())
def test_a_message_that_is_explained_exists(message: str) -> None:
    assert any(message in text for text in PROGRAM)


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_only_make_targets_that_exist_are_mentioned() -> None:
    mentioned = set(re.findall(r"`make ([a-z-]+)", "\n".join(TEXTS.values())))
    mentioned |= {
        word
        for line in COMMANDS
        if line.startswith("make ")
        for word in shlex.split(line)[1:]
        if "=" not in word
    }
    assert mentioned <= make_targets()
    assert {"run", "test"} <= mentioned


def test_every_make_target_is_described_for_developers() -> None:
    assert [name for name in make_targets() if f"`make {name}`" not in CONTRIBUTING] == []


@pytest.mark.parametrize("words", typed_in_a_terminal(), ids=" ".join)
def test_a_command_beside_its_output_is_one_that_works(words: list[str]) -> None:
    cli.make_parser().parse_args(words)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_documents_is_one_that_works(line: str) -> None:
    program, *arguments = shlex.split(line)
    if program == "make":
        for word in arguments:
            name, _, value = word.partition("=")
            assert name in make_targets() | {"ARGS"}
            if name == "ARGS":
                cli.make_parser().parse_args(["run", *shlex.split(value)])
    elif program == ".venv/bin/gateway":
        cli.make_parser().parse_args(arguments)
    elif program == ".venv/bin/python":
        assert arguments[:2] == ["-m", "dummy_hw"]
        dummy_program._parser().parse_args(arguments[2:])
    else:
        assert program == "curl"
        check_request(arguments)


def check_request(arguments: list[str]) -> None:
    """The address exists in the API and takes the method that curl would use."""
    known = {"-H", "-d", "-X"}
    assert {word for word in arguments if word.startswith("-")} <= known
    (address,) = [word for word in arguments if word.startswith("http://127.0.0.1:8080/")]
    app = make_api()
    method = "POST" if "-d" in arguments else "GET"
    if "-X" in arguments:
        method = arguments[arguments.index("-X") + 1]
    try:
        app.url_map.bind("127.0.0.1").match(urlsplit(address).path, method)
    except HTTPException as error:
        pytest.fail(f"{method} {address}: {error}")


def vector_rows() -> dict[str, bytes]:
    section = PROTOCOL.partition("## Test vectors")[2]
    return {
        cells[0]: bytes.fromhex(cells[1].strip("`"))
        for cells in rows(section)
        if cells[1].startswith("`")
    }


def test_the_vectors_of_the_protocol_page_are_frames() -> None:
    for name, data in vector_rows().items():
        if "serial wire" in name:
            assert len(Deframer().feed(data)) == 1, name
        else:
            address = frame.SERIAL_ADDRESS if "serial" in name else vectors.I2C_ADDRESS
            frame.decode(data, address)


def test_the_vectors_of_the_tests_are_on_the_protocol_page() -> None:
    shown = set(vector_rows().values())
    assert {*vectors.ALL_ON_I2C, vectors.HELLO_REQUEST_ON_SERIAL_WIRE} <= shown


def test_the_example_schema_of_the_protocol_page_has_the_stated_checksum() -> None:
    section = PROTOCOL.partition("## Schema")[2]
    lines = re.findall(r"^    (.+)$", section, re.MULTILINE)
    text = "".join(f"{line}\n" for line in lines)
    assert schema.parse(text).name == "greenhouse"
    stated = f"has {len(text)} bytes and the CRC {crc.crc16(text.encode()):04X}."
    assert stated in PROTOCOL
