"""The API client of the commands that ask the running gateway."""

import argparse
import http.client
import json
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.cli.configuration import add_files

_TIMEOUT_S = 10.0
_COMMAND_TIMEOUT_S = 40.0
"""Longer than the gateway itself waits for the outcome of a command."""


class ClientError(Exception):
    """The gateway could not be asked or refused; the text has the reason and what to do."""


def add_api(parser: argparse.ArgumentParser) -> None:
    """The options that name the gateway and the access key."""
    parser.add_argument("--url", help="URL of the gateway; default: from the configuration")
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help="file that holds an access key of the API"
    )
    add_files(parser)


def make_client(options: argparse.Namespace) -> "ApiClient":
    """For the gateway that the options or the configuration name. Raises `ClientError`."""
    key = None
    if options.key_file is not None:
        try:
            key = options.key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ClientError(f"the key cannot be read: {error}") from error
    return ApiClient(options.url or _configured_url(options), key)


class ApiClient:
    """The API of one gateway. A connection per request."""

    def __init__(self, url: str, key: str | None) -> None:
        """Raises `ClientError` for an invalid URL."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClientError(f"{url} is not a URL; example: http://127.0.0.1:8080")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, port
        self._prefix = parts.path.rstrip("/")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str) -> Any:
        """The JSON of a GET. Raises `ClientError` unless the status is 200."""
        return self._judged(*self._ask("GET", path, None, {}, _TIMEOUT_S))

    def post(
        self, path: str, document: object, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a POST, whatever the status. Raises `ClientError` without an answer."""
        headers = {"Content-Type": "application/json", **headers}
        body = json.dumps(document).encode()
        status, answer = self._ask("POST", path, body, headers, _COMMAND_TIMEOUT_S)
        if status in (401, 403):
            self._judged(status, answer)
        return status, self._document(answer)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        everything = {**self._headers, **headers}
        try:
            with closing(kind(self._host, self._port, timeout=timeout_s)) as connection:
                connection.request(method, self._prefix + path, body, everything)
                reply = connection.getresponse()
                return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise ClientError(
                f"no gateway answers at {self.url} ({error}); is it running?"
                " Try: gateway service status"
            ) from error

    def list(self, path: str, name: str) -> "list[dict[str, Any]]":
        """All items of a list, over all its pages. Raises `ClientError`."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.get(path + (f"?cursor={cursor}" if cursor else ""))
            found += page[name]
            cursor = page.get("next")
            if not cursor:
                return found

    def _document(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError:
            raise ClientError(f"{self.url} answers, but is not a gateway") from None

    def _judged(self, status: int, body: bytes) -> Any:
        document = self._document(body)
        if status == 200:
            return document
        detail = document.get("detail") if isinstance(document, dict) else None
        hint = "; give a key with --key-file" if status in (401, 403) else ""
        raise ClientError(f"the gateway answered {status}: {detail or document}{hint}")


def complain(error: Exception) -> None:
    """Print it to standard error."""
    print(f"error: {error}", file=sys.stderr)


def _configured_url(options: argparse.Namespace) -> str:
    """From the configuration, without the secrets, which the user need not be able to read."""
    from gateway.config.loader import CommandLineOptions, load
    from gateway.config.problems import ConfigError

    environ = {"STATE_DIRECTORY": "/", "HOME": "/"}
    nothing = Path("/dev/null")
    try:
        settings = load(
            CommandLineOptions(config=options.config, env_file=nothing), environ, Path.cwd()
        )
    except ConfigError as error:
        raise ClientError(f"{error}\nor give the address with --url") from error
    host = settings.api.host
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return (
        f"http://[{host}]:{settings.api.port}"
        if ":" in host
        else f"http://{host}:{settings.api.port}"
    )
