"""Cross-origin resource sharing: letting web pages of other origins use a service from a browser.

It is the browser that holds a page back; these headers tell it when not to. A service answers everybody alike.
"""

from __future__ import annotations

from pileus.kit.http.message import Reply, Request
from pileus.kit.settings import CorsSettings

ANY = "*"
SIMPLE_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "cache-control",
        "content-language",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)
"""Headers that a page may send wherever it may ask at all."""


class Cors:
    """What `[cors]` allows; nothing if it names no origin."""

    def __init__(self, settings: CorsSettings) -> None:
        self._settings = settings
        self._headers = SIMPLE_HEADERS | {name.lower() for name in settings.allow_headers}

    def preflight(self, request: Request) -> Reply | None:
        """Return the answer to a browser that asks whether a page may send what it means to; None to all else."""
        allowed = self._settings
        if request.method != "OPTIONS" or not allowed.allowed_origin:
            return None
        origin = self._origin(request)
        method = request.headers.get("access-control-request-method")
        names = _words(request.headers.get("access-control-request-headers", ""))
        if origin is None or method not in allowed.allow_methods or not self._headers.issuperset(map(str.lower, names)):
            return Reply.empty(200, {"vary": "Origin"})  # not a word about sharing: that is the refusal
        headers = {"vary": "Origin", **self._sharing(origin), "access-control-allow-methods": method}
        if allowed.max_age:
            headers["access-control-max-age"] = str(allowed.max_age)
        if names:
            headers["access-control-allow-headers"] = ",".join(names)
        return Reply.empty(200, headers)

    def mark(self, request: Request, reply: Reply) -> None:
        """Let the page that asked read this reply, if it may."""
        if not self._settings.allowed_origin:
            return
        vary = reply.headers.get("vary")
        reply.headers["vary"] = f"{vary},Origin" if vary else "Origin"  # also where the answer is no: caches keep it
        origin = self._origin(request)
        if origin is not None:
            reply.headers |= self._sharing(origin)
            if self._settings.expose_headers:
                reply.headers["access-control-expose-headers"] = ",".join(self._settings.expose_headers)

    def _origin(self, request: Request) -> str | None:
        """Return what is allowed to the page's origin: itself, or any; None if nothing is."""
        origin = request.headers.get("origin")
        if origin is None or origin in self._settings.allowed_origin:
            return origin
        return ANY if ANY in self._settings.allowed_origin else None

    def _sharing(self, origin: str) -> dict[str, str]:
        credentials = {"access-control-allow-credentials": "true"} if self._settings.allow_credentials else {}
        return {"access-control-allow-origin": origin, **credentials}


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


NOBODY = Cors(CorsSettings())
"""Lets no page in."""
