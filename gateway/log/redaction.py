"""Masks secrets: the known ones anywhere, and those in any URL."""

import json
from collections.abc import Iterable, Mapping

from gateway.config.redact import MASK, redact_uri

SHORTEST = 4
"""Characters. A shorter password is masked in URLs only: elsewhere it would match parts of words."""


class Redactor:
    """Replaces secrets by `***`. Immutable, so thread-safe."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets`: texts that must never be written."""
        known = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        # The longest first: a URL as a whole before the password in it.
        self._secrets = tuple(sorted(known, key=lambda text: (-len(text), text)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return redact_uri(text) if "://" in text or "=" in text else text

    def value(self, value: object) -> object:
        """`value` as JSON types without secrets; other types become text."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            # JSON has no infinity and no NaN.
            return value if value - value == 0 else str(value)
        if isinstance(value, Mapping):
            return {self.text(safe_str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item) for item in value]
        return self.text(safe_str(value))


def _forms(secret: str) -> set[str]:
    """The secret as it is, and as in a `repr` or in JSON."""
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]}


def safe_str(value: object) -> str:
    """`str(value)`, also for an object whose `__str__` fails."""
    try:
        return str(value)
    except Exception as error:
        return f"({type(value).__name__} that cannot be shown: {type(error).__name__})"
