"""Parts: their tables and secrets in files of the gateway, by one line in the table of parts."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import CommandLineOptions
from gateway.config.loader import CORE
from gateway.config.section import Secret, Section, sections_of
from gateway.config.tables import TableSchema
from gateway.parts import PARTS, PartLine
from gateway.sinks.mongo.part import MongoSettings
from tests.config.beacon import BeaconSettings
from tests.config.horns import Brass, Horn
from tests.config.support import Start
from tests.support.process import ROOT

BEACON = PartLine("beacon", "tests.config.beacon", secrets=("GATEWAY_BEACON_URL", "BEACON"))
HORNS = PartLine("horns", "tests.config.horns", sections=("horn", "brass"), secrets=("HORN_CODE",))
CORE_TABLES = [*(section.name for section in CORE), "bus", "device"]
URL = "https://anna:hunter22@h/"


@pytest.fixture
def more(tmp_path: Path) -> Start:
    return Start(tmp_path, (*PARTS, BEACON, HORNS))


@pytest.mark.parametrize("line", [*PARTS, BEACON, HORNS], ids=lambda line: line.name)
def test_the_line_of_a_part_says_what_its_module_does(line: PartLine) -> None:
    sections = sections_of(line)
    assert tuple(section.name for section in sections) == line.sections
    assert line.secrets == tuple(
        key for section in sections for secret in section.secrets for key in secret.keys
    )


def test_names_of_parts_tables_and_secrets_are_their_own() -> None:
    for names in (
        [line.name for line in PARTS],
        [*CORE_TABLES, *(name for line in PARTS for name in line.sections)],
        [key for line in PARTS for key in line.secrets],
    ):
        assert len(set(names)) == len(names)


def test_only_what_is_there_has_settings(more: Start) -> None:
    assert more.load().parts == {}
    more.write("[beacon]\n")
    assert more.load().parts == {"beacon": BeaconSettings()}
    more.write("[beacon]\ncolor = 'Green'\nperiod = '2s'\n[mongo]\n")
    assert more.load().parts == {
        "mongo": MongoSettings(),
        "beacon": BeaconSettings("green", 2.0),
    }


def test_a_secret_alone_turns_a_part_on(more: Start) -> None:
    more.write(f"BEACON={URL}", ".env")
    assert more.load().parts == {"beacon": BeaconSettings(url=URL)}
    more.environ["GATEWAY_BEACON_URL"] = "https://other/"
    assert more.load().parts == {"beacon": BeaconSettings(url="https://other/")}


def test_a_part_with_several_tables(more: Start) -> None:
    more.write("[brass]\nmaker = 'x'\n[[horn]]\nname = 'a'\ntones = [440]\n[[horn]]\nname = 'b'\n")
    more.environ["HORN_CODE"] = "4321"
    settings = more.load()
    assert settings.parts == {
        "horns": {"horn": (Horn("a", (440,)), Horn("b")), "brass": Brass("x", "4321")}
    }
    assert "4321" in settings.secret_values
    assert "4321" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[beacon]\ncolor = 'blue'", '2: beacon.color: "blue" is not one of red, green'),
        ("[beacon]\ncolour = 1", '2: beacon.colour: unknown key; did you mean "color"?'),
        ("[beakon]", '1: beakon: unknown table; did you mean "beacon"?'),
        ("[brass]\nmaker = 'x'\n[[horm]]", '3: horm: unknown table; did you mean "horn"?'),
        ("beacon = 1", "1: beacon: is not a table; begin it with a line [beacon]"),
        ("[horn]\n[brass]\nmaker = 'x'", "1: horn: is not a list of tables; begin each with a line [[horn]]"),
        ("[[horn]]\nname = 'a'\n[brass]", '3: brass.maker: missing key; write for example maker = "Adolphe"'),
        (
            "[brass]\nmaker = 'x'\n[[horn]]\nname = 'a'\n[[horn]]\nname = 'b'\ntones = [\n1]",
            "8: horn.1.tones.0: 1 is not within 20 to 20000",
        ),
    ],
)  # fmt: skip
def test_one_problem_of_a_part(more: Start, text: str, problem: str) -> None:
    more.write(text)
    assert more.problem() == f"gateway.toml:{problem}"


def test_a_secret_alone_does_not_excuse_a_missing_key(more: Start) -> None:
    more.write("HORN_CODE=1234", ".env")
    expected = 'gateway.toml: brass.maker: missing key; write for example maker = "Adolphe"'
    assert more.problem() == expected


def test_unknown_tables_are_compared_with_all_names(start: Start) -> None:
    start.write("[mungo]")
    assert start.problem() == 'gateway.toml:1: mungo: unknown table; did you mean "mongo"?'
    start.write("[beacon]")
    assert start.problem().startswith("gateway.toml:1: beacon: unknown table; known here: gateway,")


def test_what_is_wrong_with_a_secret(more: Start) -> None:
    more.write("BEACON=ftp://hunter22@h/\nGATEWAY_BACON_URL=x\n", ".env")
    assert more.problems() == [
        '.env:2: GATEWAY_BACON_URL: unknown key; did you mean "GATEWAY_BEACON_URL"?',
        ".env:1: BEACON: does not begin with http:// or https://; write for example https://h/",
    ]


def test_secrets_of_every_part_are_kept_out_of_logs(more: Start) -> None:
    more.environ |= {"BEACON": URL, "MONGO_URI": "mongodb://u:other999@h/"}
    settings = more.load()
    assert {URL, "hunter22", "other999"} <= set(settings.secret_values)
    facts = settings.facts()
    assert (facts["mongo"], facts["beacon"]) == ("mongodb://***@h/", "red")
    assert more.load(CommandLineOptions(no_i2c=True)).secret_values == settings.secret_values


def test_an_array_of_tables_has_no_secrets() -> None:
    secret = Secret("KEY", "key", (), "x")
    with pytest.raises(ValueError, match=r"\[\[x\]\] cannot have secrets"):
        Section("x", dict, TableSchema, secrets=(secret,), many=True)


LOAD = """\
import os, sys
from pathlib import Path
from gateway.config import CommandLineOptions, load
load(CommandLineOptions(), os.environ, Path.cwd())
names = ("gateway.sinks.mongo.part", "gateway.sinks.mongo.target", "pymongo", "bson")
print(*(name for name in names if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("", {}, []),
        ("", {"MONGO_URI": ""}, []),
        ("[mongo]", {}, ["gateway.sinks.mongo.part"]),
        ("", {"MONGOURI": "mongodb://h/"}, ["gateway.sinks.mongo.part"]),
    ],
)
def test_a_part_is_imported_when_it_is_configured(
    tmp_path: Path, text: str, environ: dict[str, str], expected: list[str]
) -> None:
    (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == expected
