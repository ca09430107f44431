"""The secrets: from .env and from the environment of the process, which goes first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.config.env_file import read_env_file
from gateway.config.problems import Problem, close_match
from gateway.config.section import Secret
from gateway.parts import PartLine

RESERVED = (
    Secret(
        "GATEWAY_MQTT_URL",
        "url",
        schemes=("mqtt", "mqtts", "ws", "wss"),
        example="mqtt://user:password@192.168.1.20",
    ),
)
"""Accepted and checked, but without effect in this version: no part uses them yet."""

_PREFIX = "GATEWAY_"
_OTHERS = ("GATEWAY_TEST_", "GATEWAY_NO_VENDOR")
"""Set for the tests and for building; a gateway started from the same shell must not mind."""

_ELSEWHERE = "only secrets stand here; all other settings stand in gateway.toml"


def known_keys(parts: Sequence[PartLine]) -> tuple[str, ...]:
    """Every key that .env may have."""
    reserved = (key for secret in RESERVED for key in secret.keys)
    return (*(key for line in parts for key in line.secrets), *reserved)


@dataclass(frozen=True, slots=True)
class _Given:
    """One value and where it came from."""

    key: str
    value: str = field(repr=False)
    where: str
    line: int | None = None

    def problem(self, reason: str, suggestion: str | None = None) -> Problem:
        return Problem(self.where, reason, self.line, self.key, suggestion)


class Secrets:
    """What was given, by key. An empty value counts as not given, and hides one of the file."""

    def __init__(self, environ: Mapping[str, _Given], file: Mapping[str, _Given]) -> None:
        self._sources = (environ, file)

    @property
    def values(self) -> tuple[str, ...]:
        """Every value, also one that another goes before."""
        return tuple(one.value for source in self._sources for one in source.values() if one.value)

    def are_given(self, keys: Collection[str]) -> bool:
        """Whether one of the keys has a value."""
        return any(source[key].value for source in self._sources for key in keys if key in source)

    def value(self, secret: Secret, problems: list[Problem]) -> str | None:
        """The value of a secret; None when it is not given or wrong, which is added to `problems`."""
        found: list[_Given] = []
        for source in self._sources:
            found = found or [source[key] for key in secret.keys if key in source]
        if not found:
            return None
        given, *others = found
        for other in others:
            if other.value != given.value:
                reason = f"is set to something else than {given.key}"
                problems.append(other.problem(reason, f"keep {secret.key} alone"))
        # The library that uses an address judges the finer points.
        problem = _uri_problem(given.value, secret.schemes) if secret.schemes else None
        if not given.value or problem is None:
            return given.value or None
        problems.append(given.problem(problem, f"write for example {secret.example}"))
        return None


def read_secrets(
    path: Path | None,
    where: str,
    environ: Mapping[str, str],
    known: Sequence[str],
    problems: list[Problem],
) -> Secrets:
    """Both sources. What is wrong is added to `problems`; no message contains a value."""
    in_file = read_env_file(path, where, problems) if path else {}
    from_file = {key: _Given(key, value, where, line) for key, (value, line) in in_file.items()}
    from_environ = {
        key: _Given(key, value, "environment")
        for key, value in environ.items()
        if key in known or (key.startswith(_PREFIX) and not key.startswith(_OTHERS))
    }
    for given in (*from_file.values(), *from_environ.values()):
        if given.key not in known:
            hint = close_match(given.key, known, _ELSEWHERE)
            problems.append(given.problem("unknown key", hint))
    return Secrets(from_environ, from_file)


def _uri_problem(uri: str, schemes: tuple[str, ...]) -> str | None:
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme.lower() not in schemes:
        return f"does not begin with {' or '.join(f'{name}://' for name in schemes)}"
    if not uri.isprintable() or " " in uri:
        return "contains a blank or a control character; in a password write it as %20"
    # What comes before the path; a "/" or "@" of the password must not be taken for a separator.
    authority = rest.split("/", 1)[0]
    if rest.partition("?")[0].count("@") > 1 or ("@" in rest and "@" not in authority):
        return 'has "@" or "/" in the user or password; write %40 for "@" and %2F for "/"'
    if not authority.rpartition("@")[2]:
        return "names no host"
    try:
        urlsplit(uri)
    except ValueError:
        return "is not a valid address"
    return None
