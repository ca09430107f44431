"""Keeps secrets out of the logs: the known ones wherever they turn up, and those in any address."""

import json
from collections.abc import Iterable, Mapping

from gateway.config.redact import MASK, redact_uri

SHORTEST = 4
"""Characters. A shorter password is masked inside its address only: it would match in every word."""


class Redactor:
    """Replaces secrets by `***`. Immutable, so any thread may use it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are texts that must never be written, in any order."""
        known = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        # The longest first: an address goes as a whole before the password in it.
        self._secrets = tuple(sorted(known, key=lambda text: (-len(text), text)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return redact_uri(text) if "://" in text or "=" in text else text

    def value(self, value: object) -> object:
        """A value as JSON knows it, without secrets in any text of it; others become texts."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            # JSON has no words for these.
            return value if value - value == 0 else str(value)
        if isinstance(value, Mapping):
            return {self.text(safe_str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item) for item in value]
        return self.text(safe_str(value))


def _forms(secret: str) -> set[str]:
    """As it is, and as it looks within the `repr` or the JSON of something larger."""
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]}


def safe_str(value: object) -> str:
    """`str(value)`, also for an object whose own code fails at that."""
    try:
        return str(value)
    except Exception as error:
        return f"({type(value).__name__} that cannot be shown: {type(error).__name__})"
