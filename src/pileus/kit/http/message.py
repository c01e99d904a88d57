"""A request and its reply, the same over a socket and inside one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from pileus.kit.calling import Run
from pileus.kit.context import ANONYMOUS, Context
from pileus.kit.errors import Invalid, UnsupportedMedia

if TYPE_CHECKING:
    from pileus.kit.http.auth import Authenticator
    from pileus.kit.policy import Policy
    from pileus.kit.schema import DatedSchema, Mismatch, Schema
    from pileus.kit.versions import Change, Version

JSON = "application/json"


class ClientGone(ConnectionError):
    """The client hung up before its request was complete."""


class MalformedBody(Invalid):
    """The body is not JSON."""

    message = "Malformed JSON: {reason}"


class BodyMismatch(Invalid):
    """The body is JSON, but not what its schema asks for; each dialect words it in its own way."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(mismatch.sentence)
        self.mismatch = mismatch


class Query:
    """The query string: names may repeat, values may be empty."""

    __slots__ = ("_pairs", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pairs = parse_qsl(text, keep_blank_values=True) if text else []

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the last value of `name`."""
        return next((value for key, value in reversed(self._pairs) if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of `name`, in order."""
        return [value for key, value in self._pairs if key == name]

    def pairs(self) -> list[tuple[str, str]]:
        """Return all names and values, in order."""
        return list(self._pairs)

    def names(self) -> set[str]:
        """Return the names that occur."""
        return {key for key, _ in self._pairs}


@dataclass(slots=True, kw_only=True)
class Request:
    """What a handler gets. `params` are the path's, `version` the microversion (None where a service has none)."""

    method: str
    path: str  # as it came: percent-encoded
    query: Query = field(default_factory=lambda: Query(""))
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    base_url: str = ""  # scheme://host:port as the client wrote it, for links
    client_address: str = ""
    id: str = ""
    params: dict[str, str] = field(default_factory=dict)
    version: Version | None = None
    context: Context = ANONYMOUS
    stream: AsyncIterator[bytes] | None = None  # the body of a streaming route, in pieces
    # Set by the application before a handler runs.
    policy: Policy | None = field(default=None, repr=False)
    authenticator: Authenticator | None = field(default=None, repr=False)  # of a streaming route
    pattern: str = ""  # the path as the route table has it, with names for what varies
    has_secret: bool = False  # in its path
    rule: str | None = None
    body_schema: Schema | DatedSchema | None = field(default=None, repr=False)
    is_authorized: bool = False
    _json: Any = field(default=msgspec.UNSET, repr=False)

    @property
    def path_to_log(self) -> str:
        """What a log may show of the path."""
        return self.pattern if self.has_secret else self.path

    def since(self, change: Change) -> bool:
        """Tell whether the client speaks a version that has this change."""
        return self.version is not None and self.version >= change.version

    def authenticate_again(self) -> None:
        """Find out anew who is asking, for a stream that lasts. Raises Unauthenticated once the token is revoked."""
        assert self.authenticator is not None
        self.context = self.authenticator.authenticate(self)

    def require(self, target: Mapping[str, Any], rule: str | None = None) -> None:
        """Let the caller through only if the route's rule (or `rule`) allows it on `target`, a row of the database.

        Raises Forbidden.
        """
        assert self.policy is not None
        self.policy.require(rule or self.rule or "", self.context, target)
        self.is_authorized = True

    def may(self, rule: str, target: Mapping[str, Any]) -> bool:
        """Tell whether a rule allows the caller something more on `target`."""
        assert self.policy is not None
        return self.policy.check(rule, self.context, target).is_allowed

    def json(self) -> Any:
        """Return the body, checked against the route's schema for the request's version.

        Raises UnsupportedMedia, MalformedBody, BodyMismatch.
        """
        if self._json is msgspec.UNSET:
            self._json = self._decode()
        return self._json

    def _decode(self) -> Any:
        media = self.headers.get("content-type", JSON).split(";")[0].strip().lower()
        if media != JSON and not media.endswith("+json"):
            raise UnsupportedMedia(f"The media type {media} is not supported, use application/json")
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedBody(reason=error) from None
        if self.body_schema is not None:
            schema = self.body_schema
            chosen = schema.at(self.version) if hasattr(schema, "at") else schema
            mismatch = chosen.mismatch(value)
            if mismatch is not None:
                raise BodyMismatch(mismatch)
        return value


@dataclass(frozen=True, slots=True)
class FileBody:
    """A reply's body that is a stretch of a file."""

    path: Path
    offset: int
    length: int
    run: Run | None = None  # calls what touches the file, where that may hang; None: the server does as it likes


@dataclass(slots=True)
class Reply:
    """What goes back. A header given twice keeps its last value."""

    status: int = 200
    body: bytes | FileBody | AsyncIterator[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        """Return `value` as a JSON document."""
        return cls(status, msgspec.json.encode(value), {"content-type": JSON, **(headers or {})})

    @classmethod
    def empty(cls, status: int = 204, headers: Mapping[str, str] | None = None) -> Reply:
        """Return no body."""
        return cls(status, b"", dict(headers or {}))

    @classmethod
    def text(cls, text: str, status: int = 200, media: str = "text/plain; charset=utf-8") -> Reply:
        """Return plain text."""
        return cls(status, text.encode(), {"content-type": media})

    def decoded(self) -> Any:
        """Return the JSON document of a body held in memory."""
        assert isinstance(self.body, bytes)
        return msgspec.json.decode(self.body) if self.body else None
