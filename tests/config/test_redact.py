import time

import pytest

from gateway.config import redact_uri
from gateway.config.redact import secrets_of_uri


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("mongodb://h/db", "mongodb://h/db"),
        ("mongodb://u:p@h/db", "mongodb://***@h/db"),
        ("at mongodb://u:p@q@h:1,i:2/ failed", "at mongodb://***@h:1,i:2/ failed"),
        ("mqtts://token@h", "mqtts://***@h"),
        ("mongodb://h/?tlsCertificateKeyFilePassword=x&a=b",
         "mongodb://h/?tlsCertificateKeyFilePassword=***&a=b"),
        ("mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:x",
         "mongodb://h/?authMechanismProperties=***"),
        ("http://localhost:3000/a@b", "http://localhost:3000/a@b"),
        ("greenhouse@i2c1", "greenhouse@i2c1"),
    ],
)  # fmt: skip
def test_redacted(text: str, redacted: str) -> None:
    assert redact_uri(text) == redacted


def test_every_form_of_a_secret_is_known() -> None:
    uri = "mongodb://u:p%40w@h/?proxyPassword=other"
    assert secrets_of_uri(uri) == {uri, "p%40w", "p@w", "other"}
    assert secrets_of_uri("mongodb://h/") == set()


def test_long_hostile_text_takes_no_long_time() -> None:
    began = time.process_time()
    for piece in ("?", "a", "://", "?password", ":", "://a"):
        redact_uri(piece * 20_000)
    assert time.process_time() - began < 2
