import subprocess
import sys
import warnings

import pytest

from gateway.sinks.mongo.uri import problems_of

PASSWORD = "hunter2secret"


@pytest.fixture(autouse=True)
def _no_warning() -> None:
    # What the driver only warns of must come back as an answer, not as a line on the terminal.
    warnings.simplefilter("error")


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://localhost",
        "mongodb://localhost:27017/",
        "mongodb://user:p%40ss@a:27017,b:27018/gateway?replicaSet=rs0&w=majority&journal=true",
        "mongodb://h/?timeoutMS=3000&serverSelectionTimeoutMS=1000&compressors=zlib",
        "mongodb://h/?readPreference=nearest&readPreferenceTags=dc:a&readPreferenceTags=",
        "mongodb+srv://user:pw@cluster.example.invalid/?retryWrites=true&srvMaxHosts=2",
        "mongodb://[::1]:27017/",
    ],
)
def test_a_good_address_has_no_problem(uri: str) -> None:
    assert problems_of(uri) == []


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "must begin with mongodb://"),
        ("localhost:27017", "must begin with mongodb://"),
        ("http://h/", "must begin with mongodb://"),
        ("mongodb://", "no host"),
        ("mongodb:///db", "no host"),
        ("mongodb://u:p@/db", "no host"),
        ("mongodb://h:99999/", "between 0 and 65535"),
        ("mongodb://h/?timeotMS=3", "Did you mean one of (timeoutms"),
        ("mongodb://h/?timeoutMS=soon", "timeoutMS=soon"),
        ("mongodb://h/?wtimeout=5", "wtimeoutms"),
        ("mongodb://h/?tls=maybe", "'true' or 'false'"),
        ("mongodb://h/?tlsCAFile=/nowhere/ca.pem", "no such file"),
        ("mongodb://h/?compressors=gzip", "gzip"),
        ("mongodb://h/?w=1&w=2", "more than once"),
        ("mongodb://h/?foo", "name=value"),
        ("mongodb://h/?w=0", "disables the confirmation"),
        ("mongodb://h/?timeoutMS=0", "disables the timeout"),
        ("mongodb://a,b/?directConnection=true", "directConnection"),
        ("mongodb://h/?srvMaxHosts=2", "mongodb+srv"),
        ("mongodb+srv://h:1/", "port"),
        ("mongodb://u@h/?authMechanism=SCRAM-SHA-256", "password"),
        ("mongodb://h/?authMechanism=FOO", "authMechanism=FOO"),
    ],
)
def test_a_bad_address_is_explained(uri: str, says: str) -> None:
    (problem,) = problems_of(uri)
    assert says in problem


def test_all_bad_options_are_named_at_once() -> None:
    first, second, third = problems_of("mongodb://h/?timeotMS=3&tls=maybe&w=0")
    assert "timeotMS" in first
    assert "tls" in second
    assert "w=0" in third


@pytest.mark.parametrize(
    "uri",
    [
        f"mongodb://user:@{PASSWORD}@h/",
        f"mongodb://user:/{PASSWORD}@h/",
        f"mongodb://user:?{PASSWORD}@h/",
        f"mongodb://user:?{PASSWORD}=1@h/",
        f"mongodb://user:%zz{PASSWORD}@h/",
        f"mongodb://user:{PASSWORD}:x@h/",
        f"mongodb://user:{PASSWORD}@h:99999/",
        f"mongodb://user:{PASSWORD}@h/?authMechanismProperties={PASSWORD}",
        f"mongodb://h/?tlsCertificateKeyFilePassword={PASSWORD}&w=1&w=2",
        f"mongodb://h/?proxyPassword={PASSWORD}",
        f"mongodb://user:{PASSWORD}@h,/",
        f"{PASSWORD}://user:x@h",
    ],
)
def test_no_problem_tells_the_password(uri: str) -> None:
    problems = problems_of(uri)
    assert problems
    assert PASSWORD not in " ".join(problems)


def test_a_gateway_without_mongodb_does_not_load_the_driver() -> None:
    program = (
        "import sys; import gateway.app, gateway.cli;"
        "print([name for name in ('pymongo', 'bson') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
