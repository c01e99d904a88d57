"""The way to a service: straight into it where it lives in this process, over HTTP where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3

from pileus.kit import log
from pileus.kit.db.database import is_in_transaction
from pileus.kit.errors import Unavailable
from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request
from pileus.kit.patience import patiently, require_time_to_wait

TIMEOUT_S = 30.0


class ServiceUnreachable(Unavailable):
    """Another service does not answer."""

    message = "{url} does not answer: {reason}"


class Transport:
    """Sends requests to URLs. `add_local` names the applications of this process by where they listen."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._local: dict[str, App[Any]] = {}
        # A redirect is not followed: it would carry the token to wherever it points.
        self._pool = urllib3.PoolManager(
            maxsize=16, ca_certs=ca_file or None, retries=urllib3.Retry(2, redirect=False, raise_on_redirect=False)
        )

    def add_local(self, base_url: str, app: App[Any]) -> None:
        """Let requests for `base_url` (scheme://host:port) go straight to `app`."""
        self._local[_origin(base_url)] = app

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Send a request that fits in memory and return the reply. Raises ServiceUnreachable."""
        _require_no_transaction(method, url)
        headers = _traced(headers)
        app = self._local.get(_origin(url))
        return self._call(app, method, url, headers, body) if app else self._fetch(method, url, headers, body)

    @contextmanager
    def download(
        self, url: str, headers: Mapping[str, str], chunk: int = 2**20
    ) -> Iterator[tuple[Reply, Iterator[bytes]]]:
        """Open a reply whose body is read in pieces; bytes always cross a socket. Raises ServiceUnreachable."""
        _require_no_transaction("GET", url)
        try:
            traced = _traced(headers)
            response = self._pool.request("GET", url, headers=traced, preload_content=False, timeout=TIMEOUT_S)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(url=_origin(url), reason=_reason(error)) from None
        try:
            yield Reply(response.status, b"", _lower(response.headers)), response.stream(chunk)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(url=_origin(url), reason=_reason(error)) from None
        finally:
            response.close()

    def upload(self, url: str, headers: Mapping[str, str], pieces: Iterator[bytes], size: int) -> Reply:
        """PUT a body in pieces. Raises ServiceUnreachable."""
        _require_no_transaction("PUT", url)
        sent = {**_traced(headers), "content-length": str(size)}
        try:
            response = self._pool.request("PUT", url, headers=sent, body=pieces, timeout=600.0, retries=False)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(url=_origin(url), reason=_reason(error)) from None
        return Reply(response.status, response.data, _lower(response.headers))

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()

    def _call(self, app: App[Any], method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        request = Request(
            method=method,
            path=parts.path or "/",
            query=Query(parts.query),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            base_url=_origin(url),
            client_address="local",
        )
        with patiently():
            return app.handle(request)

    def _fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        require_time_to_wait()
        try:
            response = self._pool.request(method, url, headers=dict(headers), body=body or None, timeout=TIMEOUT_S)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(url=_origin(url), reason=_reason(error)) from None
        return Reply(response.status, response.data, _lower(response.headers))


def _require_no_transaction(method: str, url: str) -> None:
    if is_in_transaction():
        raise AssertionError(f"{method} {url} while a transaction is open")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _traced(headers: Mapping[str, str]) -> dict[str, str]:
    """Name the request that this one is made for, so that their log lines can be found together."""
    cause = log.current_request_id()
    return {**headers, "x-openstack-request-id": cause} if cause else dict(headers)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return type(cause).__name__
