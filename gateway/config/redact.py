"""Connection addresses without their passwords."""

import re
from urllib.parse import unquote

MASK = "***"

# Greedy up to the last @ before a slash: a password that was not percent-encoded is covered too.
_USER_PART = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s/?#\"'<>]*)@")
# In options such as authMechanismProperties=AWS_SESSION_TOKEN:... or tlsCertificateKeyFilePassword=...
_OPTION = re.compile(r"(?i)(?P<name>[?&;][^=&\s]*(?:password|token|secret)[^=&\s]*=)[^&\s\"'<>]+")
_PROPERTIES = re.compile(r"(?i)(?P<name>[?&;]authMechanismProperties=)(?P<value>[^&\s\"'<>]+)")


def redact_uri(text: str) -> str:
    """The same text with the user part and the secret options of every address in it as `***`."""
    text = _USER_PART.sub(rf"\g<scheme>{MASK}@", text)
    text = _PROPERTIES.sub(rf"\g<name>{MASK}", text)
    return _OPTION.sub(rf"\g<name>{MASK}", text)


def secrets_of_uri(uri: str) -> set[str]:
    """The address itself where it holds a secret, and each secret in it, as written and as meant."""
    found: set[str] = set()
    match = _USER_PART.search(uri)
    if match and ":" in match["user"]:
        found.add(match["user"].split(":", 1)[1])
    elif match:
        # A lone user name may be a token, as MQTT brokers in the cloud use it.
        found.add(match["user"])
    for pattern in (_OPTION, _PROPERTIES):
        found.update(option[0].split("=", 1)[1] for option in pattern.finditer(uri))
    found |= {unquote(secret) for secret in found}
    if found - {""}:
        found.add(uri)
    return found - {""}
