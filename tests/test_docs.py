"""The documents say what there is, all of it, and nothing else."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from werkzeug.exceptions import HTTPException

import dummy_hw.__main__ as dummy_program
from api.problems import KINDS
from arduino_iface import crc, frame, schema
from arduino_iface.deframer import Deframer
from gateway import cli
from gateway.config.loader import CommandLineOptions, load
from gateway.config.schemas import documented_keys
from gateway.config.secrets import KNOWN_KEYS
from gateway.model.command import CommandState
from gateway.model.registry import DeviceState
from tests.api.gateway import temporary
from tests.arduino_iface import vectors

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "logs/README.md"])
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
REFERENCE = "\n".join([README, *(p.read_text("utf-8") for p in ROOT.glob("docs/*.md"))])

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(page: str) -> Iterator[list[str]]:
    """The cells of every row of every table."""
    for line in page.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def prose(page: str) -> str:
    """A page without its code, which may hold anything."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page))


def shell_lines(page: str) -> list[str]:
    """The commands of the blocks marked `sh`, continued lines joined."""
    blocks = "".join(body for language, body in FENCE.findall(page) if language == "sh")
    return blocks.replace("\\\n", " ").splitlines()


COMMANDS = [(page, line) for page in (README, CONTRIBUTING) for line in shell_lines(page)]


EXAMPLES = [
    body
    for page in PAGES
    for language, body in FENCE.findall(page.read_text("utf-8"))
    if language == "toml"
]


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every long option of a program and its commands."""
    found: set[str] = set()
    for action in parser._actions:
        found.update(option for option in action.option_strings if option.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found |= options_of(command)
    return found


def api_rules() -> Iterator[tuple[str, str]]:
    """Method and path of everything the API serves but the files of its page."""
    with temporary() as gateway:
        rules = list(gateway.app().url_map.iter_rules())
    for rule in rules:
        if not rule.rule.startswith("/dashboard/"):
            path = rule.rule.replace("<", "{").replace(">", "}")
            yield from ((m, path) for m in (rule.methods or set()) - {"HEAD", "OPTIONS"})


def slug(heading: str) -> str:
    """The anchor of a heading, as Git hosts make it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def test_every_configuration_key_is_in_the_reference() -> None:
    listed = {
        (cells[0].strip("`[]"), cells[1].strip("`")) for cells in rows(README) if len(cells) == 4
    }
    keys = {pair for pair in listed if pair[0] in {table for table, _ in documented_keys()}}
    assert keys == documented_keys()


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_a_configuration_is_right(text: str, tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(text)
    options = CommandLineOptions(env_file=Path("/dev/null"))
    load(options, {"HOME": str(tmp_path)}, tmp_path)


def test_every_secret_is_in_the_reference() -> None:
    assert [key for key in KNOWN_KEYS if f"`{key}`" not in REFERENCE] == []


@pytest.mark.parametrize("parser", [cli.make_parser(), dummy_program._parser()])
def test_every_option_is_in_the_reference(parser: argparse.ArgumentParser) -> None:
    mentioned = set(re.findall(r"`(--[\w-]+)", REFERENCE))
    assert options_of(parser) - mentioned <= {"--help"}


def test_no_option_is_made_up() -> None:
    known = options_of(cli.make_parser()) | options_of(dummy_program._parser())
    assert set(re.findall(r"`(--[\w-]+)", README)) <= known


def test_every_command_is_in_the_reference() -> None:
    assert [
        name for name in (one.NAME for one in cli.COMMANDS) if f"`gateway {name}`" not in REFERENCE
    ] == []


def test_the_table_of_routes_is_complete_and_true() -> None:
    listed = {
        (method, path)
        for cells in rows(README)
        for method, path in re.findall(r"^(GET|POST|PUT|PATCH|DELETE) `([^`]+)`$", cells[0])
    }
    assert listed == set(api_rules())


def test_the_tables_of_error_codes_are_complete_and_true() -> None:
    listed = {
        (int(cells[0]), cells[1].strip("`"))
        for cells in rows(README)
        if cells[0].isdigit() and len(cells) >= 3 and cells[1].startswith("`")
    }
    assert listed == {(kind.status, kind.code) for kind in KINDS.values()}


@pytest.mark.parametrize("states", [DeviceState, CommandState])
def test_every_state_is_explained(states: type[DeviceState] | type[CommandState]) -> None:
    explained = {cells[0].strip("`") for cells in rows(README)}
    assert {state.value for state in states} <= explained


def test_every_exit_code_is_explained() -> None:
    explained = {cells[0] for cells in rows(README.partition("## Exit codes")[2])}
    assert {str(cli.EXIT_STOPPED), str(cli.EXIT_OTHER), str(cli.EXIT_CONFIG), "2"} <= explained


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    links += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, re.MULTILINE)
    broken = []
    for link in links:
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = page.parent / unquote(parts.path) if parts.path else page
        if not target.exists():
            broken.append(link)
        elif parts.fragment:
            headings = re.findall(r"^#+ (.+)$", FENCE.sub("", target.read_text("utf-8")), re.M)
            if parts.fragment not in {slug(heading) for heading in headings}:
                broken.append(link)
    assert broken == []


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_only_make_targets_that_exist_are_mentioned() -> None:
    mentioned = set(re.findall(r"`make ([a-z]+)", "\n".join([README, CONTRIBUTING])))
    mentioned |= {
        word
        for _, line in COMMANDS
        if line.startswith("make ")
        for word in shlex.split(line)[1:]
        if "=" not in word
    }
    assert mentioned <= make_targets()
    assert {"run", "test"} <= mentioned


def test_every_make_target_is_described_for_developers() -> None:
    assert [name for name in make_targets() if f"`make {name}`" not in CONTRIBUTING] == []


@pytest.mark.parametrize("line", [line for _, line in COMMANDS])
def test_a_command_of_the_readme_is_one_that_works(line: str) -> None:
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
    with temporary() as gateway:
        app = gateway.app()
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
