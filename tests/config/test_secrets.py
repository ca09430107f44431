"""The secrets: .env, the environment, the traps of the format, and that nothing gives them away."""

import logging

import pytest

from gateway.config import CommandLineOptions
from tests.config.support import Start

URI = "mongodb://user:hunter22@h/"


def test_from_the_file(start: Start) -> None:
    start.write(f"# secrets\nexport MONGO_URI='{URI}'\nGATEWAY_MQTT_URL=mqtt://h\n", ".env")
    settings = start.load()
    assert start.mongo().uri == URI
    assert settings.notes == ("GATEWAY_MQTT_URL has no effect in this version",)
    assert settings.env_file == start.folder / ".env"


def test_beside_the_configuration(start: Start) -> None:
    config = start.write("", "etc/gateway.toml")
    start.write(f"MONGOURI={URI}", "etc/.env")
    assert start.mongo(CommandLineOptions(config=config)).uri == URI
    start.write("", ".env")
    assert "mongo" not in start.load(CommandLineOptions(config=config)).parts


def test_the_environment_goes_before_the_file(start: Start) -> None:
    start.write(f"MONGO_URI={URI}", ".env")
    start.environ["MONGOURI"] = "mongodb://other/"
    assert start.mongo().uri == "mongodb://other/"
    start.environ["MONGOURI"] = ""
    assert start.mongo().uri is None


def test_both_spellings(start: Start) -> None:
    start.write(f"MONGO_URI={URI}\nMONGOURI={URI}", ".env")
    assert start.mongo().uri == URI
    start.write(f"MONGO_URI={URI}\nMONGOURI=mongodb://h/", ".env")
    expected = ".env:2: MONGOURI: is set to something else than MONGO_URI; keep MONGO_URI alone"
    assert start.problem() == expected


def test_nothing_is_expanded(start: Start) -> None:
    start.environ["X"] = "y"
    start.write("MONGO_URI=mongodb://u:${X}$X@h/\n", ".env")
    assert start.mongo().uri == "mongodb://u:${X}$X@h/"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MONGO_URL='mongodb://h'", ':1: MONGO_URL: unknown key; did you mean "MONGO_URI"?'),
        ("\nPORT=1", ":2: PORT: unknown key; only secrets stand here"),
        ("MONGO_URI", ":1: MONGO_URI: has no value; write MONGO_URI='value'"),
        ("MONGO_URI=mongodb://u:hunter22 #w@h/", ' everything from " #" on would be a comment'),
        ("\nMONGO_URI='mongodb://u:hunter22@h/", ":2: cannot be parsed"),
        ("a line of hunter22", ":1: cannot be parsed"),
        ("MONGO_URI=''\nMONGO_URI='mongodb://h'", ":2: MONGO_URI: is already set on line 1"),
        ("MONGO_URI=http://hunter22", "does not begin with mongodb:// or mongodb+srv://"),
        ("MONGO_URI='mongodb://u:hunter22@x@h'", 'write %40 for "@"'),
        ("MONGO_URI='mongodb://u:hunter22/x@h'", 'write %40 for "@" and %2F for "/"'),
        ("MONGO_URI='mongodb://u:hunter22 x@h'", "contains a blank"),
        ("MONGO_URI='mongodb://u:hunter22@/'", "names no host"),
        ("GATEWAY_MQTT_URL=http://hunter22", "does not begin with mqtt://"),
    ],
)
def test_what_is_refused(start: Start, text: str, words: str) -> None:
    start.write(text + "\n", ".env")
    problem = start.problem()
    assert problem.startswith(".env:")
    assert words in problem
    assert "hunter22" not in problem


def test_a_secrets_file_that_is_not_utf8(start: Start) -> None:
    (start.folder / ".env").write_bytes(b"MONGO_URI='mongodb://\xfc'\n")
    assert start.problem() == ".env:1: is not UTF-8 text; save the file as UTF-8"


def test_the_logger_of_python_dotenv_is_left_as_it_was(start: Start) -> None:
    logger = logging.getLogger("dotenv.main")
    before = (logger.level, logger.propagate, list(logger.handlers))
    start.write("nonsense here\n", ".env")
    start.problem()
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_unknown_variables_of_ours_in_the_environment(start: Start) -> None:
    start.environ |= {"GATEWAY_MQT_URL": "x", "MONGODB": "x", "GATEWAY_TEST_CACHE": "x"}
    expected = 'environment: GATEWAY_MQT_URL: unknown key; did you mean "GATEWAY_MQTT_URL"?'
    assert start.problem() == expected


def test_settings_never_show_a_secret(start: Start) -> None:
    start.environ |= {"MONGO_URI": URI, "GATEWAY_MQTT_URL": "mqtt://tokentoken@h"}
    settings = start.load()
    assert {URI, "hunter22", "tokentoken"} <= set(settings.secret_values)
    for shown in (
        repr(settings),
        str(settings),
        str(settings.facts()),
        str(settings.parts["mongo"]),
    ):
        assert "hunter22" not in shown
        assert "tokentoken" not in shown
    assert settings.facts()["mongo"] == "mongodb://***@h/"
