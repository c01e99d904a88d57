"""Fetching what a URL leads to: each hop through the gate, in bounded time and size.

    with fetch(url, gate) as source:
        for piece in source:
            …

We follow redirects ourselves, since each is a new URL by somebody we do not know. There are no proxies: one would ask
for addresses that we have not seen.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead

from pileus.kit.db.database import is_in_transaction
from pileus.kit.errors import TooLarge, Unavailable
from pileus.kit.web.connection import Deadline, Line, connect
from pileus.kit.web.gate import Destination, Gate
from pileus.kit.web.url import Url, UrlRefused

PIECE_BYTES = 2**18
_REDIRECTS = (301, 302, 303, 307, 308)
_WHOLE, _PART = 200, 206


class FetchFailed(Unavailable):
    """Whom we fetch from does not answer, or breaks off."""

    message = "{origin} cannot be fetched from: {reason}"


class FetchRefused(Unavailable):
    """Whom we fetch from answers, and does not give us the bytes. `details['status']` says how."""

    message = "{origin} answered {status}."


class SourceTooLarge(TooLarge):
    """There are more bytes than we take."""

    message = "{origin} has more than {limit} bytes for us."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long fetching may take, in seconds, and how much of it there may be."""

    connect_s: float = 10
    answer_s: float = 60  # from the request to the end of the answer's headers
    stall_s: float = 60  # without any bytes
    whole_s: float = 24 * 3600
    redirects: int = 5
    size_bytes: int = 2**40


USUAL = Bounds()


class Source:
    """Bytes that come in. Iterating takes them, once."""

    def __init__(self, url: Url, response: HTTPResponse, limit_bytes: int) -> None:
        self.url = url  # where they really come from
        self.status = response.status  # 200, or 206 if a range was asked for
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.getheaders()}
        self.size_bytes = response.length  # None: nobody says
        self.received_bytes = 0
        self._response = response
        self._limit_bytes = limit_bytes
        self._require_small(self.size_bytes or 0)

    def __iter__(self) -> Iterator[bytes]:
        """Take what comes, as it comes. Raises FetchFailed, SourceTooLarge."""
        while piece := self._next():
            self.received_bytes += len(piece)
            self._require_small(self.received_bytes)
            yield piece
        if self.size_bytes is not None and self.received_bytes < self.size_bytes:
            raise FetchFailed(origin=self.url.origin, reason="it broke off.")

    def _next(self) -> bytes:
        # One more than the limit is enough to know. Some versions of Python do not count what `read1` has taken.
        most = self._limit_bytes + 1 if self.size_bytes is None else self.size_bytes
        length = min(PIECE_BYTES, most - self.received_bytes)
        try:
            return self._response.read1(length) if length > 0 else b""
        except (OSError, HTTPException) as error:
            raise FetchFailed(origin=self.url.origin, reason=_reason(error)) from error

    def _require_small(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            raise SourceTooLarge(origin=self.url.origin, limit=self._limit_bytes)


@contextmanager
def fetch(
    text: str,
    gate: Gate,
    *,
    bounds: Bounds = USUAL,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Iterator[Source]:
    """Open what a URL leads to; by HEAD it has headers and no bytes. `secrets` are headers for its own origin only.

    Raises UrlRefused, HostUnknown, FetchFailed, FetchRefused, SourceTooLarge.
    """
    if is_in_transaction():
        raise AssertionError("fetching while a transaction is open")
    deadline = Deadline(bounds.whole_s)
    first = url = gate.require(text)
    for _ in range(bounds.redirects + 1):
        destination = gate.reach(url)
        sent = {**(headers or {}), **(secrets or {} if url.origin == first.origin else {})}
        with _opened(destination, deadline, bounds.connect_s, gate.ca_file) as line:
            response = _answer(method, url, line, sent, bounds, deadline)
            if response.status == _WHOLE or (response.status == _PART and "range" in sent):
                yield Source(url, response, bounds.size_bytes)
                return
            url = _redirected(url, response)
    raise FetchFailed(origin=first.origin, reason=f"it redirects more than {bounds.redirects} times.")


@contextmanager
def _opened(destination: Destination, deadline: Deadline, connect_s: float, ca_file: str) -> Iterator[Line]:
    try:
        line = connect(destination, deadline, connect_s, ca_file)
    except OSError as error:
        raise FetchFailed(origin=destination.url.origin, reason=_reason(error)) from error
    try:
        yield line
    finally:
        line.close()


def _answer(
    method: str, url: Url, line: Line, headers: Mapping[str, str], bounds: Bounds, deadline: Deadline
) -> HTTPResponse:
    """Ask, and read the answer up to its body."""
    response = HTTPResponse(line, method=method)  # type: ignore[arg-type]  # all of a socket that is used there
    try:
        line.wait_s = bounds.answer_s
        line.deadline = Deadline(deadline.left_s(bounds.answer_s))
        line.send(_request(method, url, headers))
        response.begin()
    except (OSError, HTTPException) as error:
        raise FetchFailed(origin=url.origin, reason=_reason(error)) from error
    line.deadline, line.wait_s = deadline, bounds.stall_s
    return response


def _request(method: str, url: Url, headers: Mapping[str, str]) -> bytes:
    fixed = {"host": url.authority, "user-agent": "pileus", "accept-encoding": "identity", "connection": "close"}
    lines = [f"{name}: {value}" for name, value in {**fixed, **headers}.items()]
    if any(not line.isprintable() for line in lines):
        raise AssertionError("a header that is none")
    return "\r\n".join((f"{method} {url.target} HTTP/1.1", *lines, "", "")).encode("latin-1")


def _redirected(url: Url, response: HTTPResponse) -> Url:
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or location is None:
        raise FetchRefused(origin=url.origin, status=response.status)
    try:
        return url.join(location.encode("latin-1").decode())
    except UnicodeError:
        raise UrlRefused(reason="it redirects to what makes no sense.") from None


def _reason(error: Exception) -> str:
    """Say what went wrong, without what the machine or the other side says about it."""
    if isinstance(error, TimeoutError):
        return "it takes too long."
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted."
    if isinstance(error, IncompleteRead | ssl.SSLEOFError):
        return "it broke off."
    if isinstance(error, HTTPException | ssl.SSLError):
        return "its answer is not understood."
    return "there is no connection."
