"""Connection addresses without their passwords."""

import re
from urllib.parse import unquote

MASK = "***"

# No part of these can begin inside itself, so that the time is proportional to the text: whatever a
# device sends may come through here. Greedy up to the last @ before a slash: a password that was not
# percent-encoded is covered too.
_USER_PART = re.compile(r"://(?P<user>[^\s/?#\"'<>]*)@")
# Options such as tlsCertificateKeyFilePassword=...; the properties hold AWS_SESSION_TOKEN:...
_OPTION = re.compile(
    r"(?i)(?P<name>[?&;][^=&?;\s]*(?:password|token|secret|authMechanismProperties)[^=&?;\s]*=)"
    r"[^&\s\"'<>]+"
)


def redact_uri(text: str) -> str:
    """The same text with the user part and the secret options of every address in it as `***`."""
    text = _USER_PART.sub(f"://{MASK}@", text)
    return _OPTION.sub(rf"\g<name>{MASK}", text)


def secrets_of_uri(uri: str) -> set[str]:
    """The address itself if it holds a secret, and each secret in it, as written and as meant."""
    found: set[str] = set()
    match = _USER_PART.search(uri)
    if match and ":" in match["user"]:
        found.add(match["user"].split(":", 1)[1])
    elif match:
        # A lone user name may be a token, as MQTT brokers in the cloud use it.
        found.add(match["user"])
    found.update(option[0].split("=", 1)[1] for option in _OPTION.finditer(uri))
    found |= {unquote(secret) for secret in found}
    if found - {""}:
        found.add(uri)
    return found - {""}
