"""Finds what is wrong with a MongoDB address before it is used: the driver itself only warns.

A mistyped option would otherwise pass unseen, and a wrong one would stop the delivery long after
the start. No answer holds a user name, a password or any piece that could be one.
"""

import warnings
from urllib.parse import unquote_plus

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.uri_parser import parse_uri

_SCHEMES = ("mongodb://", "mongodb+srv://")
_ESCAPE = (
    "user name and password must be percent-encoded: "
    "write %40 for @, %3A for :, %2F for /, %3F for ?, %25 for %"
)
_SECRET_OPTIONS = {"authmechanismproperties", "tlscertificatekeyfilepassword", "proxypassword"}
# Each would let a write count as done, or a call last, without any bound.
_UNSAFE = {
    ("w", "0"): "w=0 disables the confirmation that a reading is stored; leave it out",
    ("timeoutms", "0"): "timeoutMS=0 disables the timeout; leave it out",
}


def problems_of(uri: str) -> list[str]:
    """Say in plain words what is wrong, in the order of the address; empty when it can be used.

    Asks no server and no DNS.
    """
    if (problem := _structure_problem(uri)) is not None:
        return [problem]
    options = [option for option in _option_text(uri).replace(";", "&").split("&") if option]
    problems = [problem for option in options if (problem := _option_problem(option)) is not None]
    problems += _repeated(options)
    return problems or _whole_problem(uri)


def _option_text(uri: str) -> str:
    return uri.partition("?")[2]


def _structure_problem(uri: str) -> str | None:
    if not uri.startswith(_SCHEMES):
        return f"must begin with {' or '.join(_SCHEMES)}"
    rest = uri.partition("://")[2]
    authority = rest.partition("/")[0].partition("?")[0]
    # Checked first and told without quoting: in such an address a piece of the password stands
    # where a host, a port, a database or an option is expected, and would be quoted as one.
    if rest.count("@") > 1 or ("@" in rest and "@" not in authority):
        return _ESCAPE
    if not authority.rpartition("@")[2]:
        return "names no host; the form is mongodb://host:27017/"
    return None


def _option_problem(option: str) -> str | None:
    """Say what is wrong with one `name=value`."""
    name, equals, value = option.partition("=")
    if not equals:
        return f"option {name!r} has no value; the form is name=value"
    if (unsafe := _UNSAFE.get((name.lower(), value))) is not None:
        return unsafe
    shown = name if name.lower() in _SECRET_OPTIONS else option
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            parse_uri(f"mongodb://host/?{option}", warn=False)
    except FileNotFoundError:
        return f"option {shown}: there is no such file"
    except OSError as error:
        return f"option {shown}: the file cannot be read ({error.strerror})"
    except (ConfigurationError, InvalidURI, ValueError, TypeError) as error:
        text = str(error)
        if "only allowed with" in text or "not allowed" in text.lower():
            return None  # a matter of the options together
        return f"option {shown}: {_plain(text)}"
    if warned:
        return f"option {shown}: {warned[0].message}"
    return None


def _plain(text: str) -> str:
    return text.removesuffix(" or maybe a camelCase version of one? Refer to docstring.")


def _repeated(options: list[str]) -> list[str]:
    names = [option.partition("=")[0].lower() for option in options]
    # The one option whose repetition has a meaning: an order of preference.
    twice = {name for name in names if names.count(name) > 1} - {"readpreferencetags"}
    return [f"option {name} is given more than once" for name in sorted(twice)]


def _whole_problem(uri: str) -> list[str]:
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            MongoClient[dict[str, object]](uri, connect=False).close()
    except (ConfigurationError, InvalidURI, ValueError, TypeError, OSError) as error:
        # Text of the driver about an address with a user name in it might quote a piece of it.
        return ["the address is not valid" if _may_leak(uri, str(error)) else str(error)]
    return [str(warning.message) for warning in warned]


def _may_leak(uri: str, text: str) -> bool:
    user, at, _ = uri.partition("://")[2].rpartition("@")
    password = user.partition(":")[2] if at else ""
    return bool(password) and (password in text or unquote_plus(password) in text)
