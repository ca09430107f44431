import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from gateway.log.entry import LogEntry
from gateway.log.layout import console_line, escape, json_line, text_line
from gateway.log.redaction import Redactor

_TEXT = st.text(st.characters(codec=None))


def _entry(message: str, level: int = logging.INFO, **extra: object) -> LogEntry:
    return LogEntry(0, level, logging.getLevelName(level), "main", "gateway", message, extra)


@given(_TEXT, _TEXT)
def test_every_line_is_one_printable_line(message: str, value: str) -> None:
    line = text_line(_entry(message, device=value))
    assert line.isprintable()
    assert json.loads(json_line(_entry(message, device=value)))["message"] == message
    assert json_line(_entry(message)).isprintable()


@given(st.text())
def test_printable_text_is_left_alone(text: str) -> None:
    assert not text.isprintable() or escape(text) == text


def test_colours_only_where_they_help() -> None:
    assert "\x1b" not in console_line(_entry("x", logging.ERROR), colour=False)
    assert console_line(_entry("x"), colour=True) == "00:00:00 INFO  main x"
    assert console_line(_entry("x", logging.ERROR), colour=True).startswith("\x1b[31m")
    assert console_line(_entry("x", logging.DEBUG), colour=True).endswith("\x1b[0m")


@given(st.lists(st.text(min_size=4, max_size=12), max_size=4), st.text())
def test_no_known_secret_is_left(secrets: list[str], around: str) -> None:
    redactor = Redactor(secrets)
    text = around.join(secrets)
    mask = set("***")
    for secret in secrets:
        assert secret not in redactor.text(text) or mask & set(secret)


def test_short_secrets_do_not_eat_every_word() -> None:
    assert Redactor(["a"]).text("a cat at mongodb://u:a@h/") == "a cat at mongodb://***@h/"
