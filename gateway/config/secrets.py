"""The secrets: from .env and from the environment of the process, which wins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.config.env_file import read_env_file
from gateway.config.problems import Problem, close_match

MONGO_KEYS = ("MONGO_URI", "MONGOURI")
MQTT_KEY = "GATEWAY_MQTT_URL"
KNOWN_KEYS = (*MONGO_KEYS, MQTT_KEY)

_PREFIX = "GATEWAY_"
_OTHERS = ("GATEWAY_TEST_", "GATEWAY_NO_VENDOR")
"""Set for the tests and for building; a gateway started from the same shell must not mind."""

_ELSEWHERE = "only secrets stand here; all other settings stand in gateway.toml"

_MONGO_EXAMPLE = "write for example mongodb://user:password@192.168.1.20/"
_MQTT_EXAMPLE = "write for example mqtt://user:password@192.168.1.20"


@dataclass(frozen=True, slots=True)
class Secrets:
    """None for what was not given; an empty value counts as not given."""

    mongo_uri: str | None = field(default=None, repr=False)
    mqtt_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Given:
    """One value and where it came from."""

    key: str
    value: str = field(repr=False)
    where: str
    line: int | None = None

    def problem(self, reason: str, suggestion: str | None = None) -> Problem:
        return Problem(self.where, reason, self.line, self.key, suggestion)


def read_secrets(
    path: Path | None, where: str, environ: Mapping[str, str], problems: list[Problem]
) -> Secrets:
    """Both sources merged. What is wrong is added to `problems`; no message contains a value."""
    in_file = read_env_file(path, where, problems) if path else {}
    from_file = {key: _Given(key, value, where, line) for key, (value, line) in in_file.items()}
    from_environ = {
        key: _Given(key, value, "environment")
        for key, value in environ.items()
        if key in KNOWN_KEYS or (key.startswith(_PREFIX) and not key.startswith(_OTHERS))
    }
    for given in (*from_file.values(), *from_environ.values()):
        if given.key not in KNOWN_KEYS:
            problems.append(
                given.problem("unknown key", close_match(given.key, KNOWN_KEYS, _ELSEWHERE))
            )
    mongo = _mongo(from_environ, problems) or _mongo(from_file, problems)
    mqtt = from_environ.get(MQTT_KEY) or from_file.get(MQTT_KEY)
    return Secrets(
        mongo_uri=_checked(mongo, ("mongodb", "mongodb+srv"), _MONGO_EXAMPLE, problems),
        mqtt_url=_checked(mqtt, ("mqtt", "mqtts", "ws", "wss"), _MQTT_EXAMPLE, problems),
    )


def _mongo(source: Mapping[str, _Given], problems: list[Problem]) -> _Given | None:
    found = [source[key] for key in MONGO_KEYS if key in source]
    if len({given.value for given in found}) > 1:
        reason = f"is set to something else than {found[0].key}"
        problems.append(found[1].problem(reason, f"keep {MONGO_KEYS[0]} alone"))
    return found[0] if found else None


def _checked(
    given: _Given | None, schemes: tuple[str, ...], example: str, problems: list[Problem]
) -> str | None:
    """The value if it looks like an address. The library that uses it judges the finer points."""
    if given is None or not given.value:
        return None
    reason = _uri_problem(given.value, schemes)
    if reason is None:
        return given.value
    problems.append(given.problem(reason, example))
    return None


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
