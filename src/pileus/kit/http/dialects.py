"""How each API says that something went wrong: one table from kinds to statuses, one renderer a dialect."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pileus.kit import errors
from pileus.kit.errors import PileusError
from pileus.kit.http.message import JSON, BodyMismatch, MalformedBody, Reply, Request
from pileus.kit.versions import Change

if TYPE_CHECKING:
    from pileus.kit.schema import Mismatch

STATUS: dict[type[PileusError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.RangeNotSatisfiable: 416,
    errors.TooManyRequests: 429,
    errors.NotImplementedHere: 501,
    errors.Unavailable: 503,
}

_QUALITY = re.compile(r"[01](\.[0-9]{0,9})?")

Dialect = Callable[[Request, int, PileusError], Reply]


def status_of(error: PileusError) -> int:
    """Return the status of the nearest ancestor that has one; an error of no kind is a fault."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def title_of(status: int) -> str:
    """Return a status' standard phrase."""
    return {413: "Request Entity Too Large", 416: "Request Range Not Satisfiable"}.get(
        status, HTTPStatus(status).phrase
    )


def placement(codes: Change) -> Dialect:
    """`{"errors": [{status, title, detail, request_id, code}]}`; `code` is there since the change `codes`."""
    return lambda request, status, error: _placement(codes, request, status, error)


def _placement(codes: Change, request: Request, status: int, error: PileusError) -> Reply:
    detail = error.reason
    if isinstance(error, BodyMismatch):
        detail = f"JSON does not validate: {error.mismatch.text}"
    body: dict[str, Any] = {"status": status, "title": title_of(status), "detail": detail, "request_id": request.id}
    if request.since(codes) or status == HTTPStatus.NOT_ACCEPTABLE:
        body["code"] = error.code or "placement.undefined_code"
    if status == HTTPStatus.NOT_ACCEPTABLE and "oldest" in error.details:
        body |= {"min_version": str(error.details["oldest"]), "max_version": str(error.details["newest"])}
    if preferred(request.headers.get("accept", ""), (JSON, "text/html")) == "text/html":
        return _html_page(f"{status} {title_of(status)}", detail, status)
    return Reply.json({"errors": [body]}, status)


COMPUTE_NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    501: "notImplemented",
    503: "serviceUnavailable",
}


def compute(_request: Request, status: int, error: PileusError) -> Reply:
    """`{"itemNotFound": {"code", "message"}}`: the outer name says the status."""
    message = error.reason
    if isinstance(error, BodyMismatch):
        message = _field_message(error)
    return Reply.json({COMPUTE_NAMES.get(status, "computeFault"): {"code": status, "message": message}}, status)


def _field_message(error: BodyMismatch) -> str:
    mismatch = error.mismatch
    if not mismatch.path:
        return mismatch.sentence
    return f"Invalid input for field/attribute {mismatch.path[-1]}. Value: {mismatch.value}. {mismatch.sentence}"


def identity(request: Request, status: int, error: PileusError) -> Reply:
    """`{"error": {"code", "message", "title"}}`; a 401 names where to authenticate."""
    message = error.reason
    if isinstance(error, MalformedBody):
        message = f"Expecting to find valid JSON in request body. {error.reason}"
    if isinstance(error, BodyMismatch):
        message = _identity_message(error)
    headers = {"www-authenticate": f'Keystone uri="{request.base_url}/v3"'} if status == HTTPStatus.UNAUTHORIZED else {}
    return Reply.json({"error": {"code": status, "message": message, "title": title_of(status)}}, status, headers)


def _identity_message(error: BodyMismatch) -> str:
    """Word it as the API does: a login's fields by their way through the body, others by name and value."""
    mismatch = error.mismatch
    path = [str(part) for part in mismatch.path]
    value, sentence = mismatch.value, mismatch.sentence
    if _may_hold_a_secret(mismatch):
        value, sentence = "***", f"It does not satisfy '{mismatch.validator}'"
    if isinstance(mismatch.value, (dict, list)):
        value = "…"
    if not path or path == ["auth"]:
        return sentence
    if path[0] == "auth":
        return f"Invalid input for field '{'/'.join(path[1:])}': {sentence}"
    return f"Invalid input for field/attribute {path[-1]}. Value: {value}. {sentence}"


_SECRETS = ("password", "secret", "passcode", "token", "blob")
_NAMES_MEMBERS_ONLY = ("required", "additionalProperties")


def _may_hold_a_secret(mismatch: Mismatch) -> bool:
    """Tell whether a sentence may repeat one: the value is in the place of one, or holds who knows what."""
    if mismatch.validator in _NAMES_MEMBERS_ONLY:
        return False
    names = [part for part in mismatch.path[-2:] if isinstance(part, str)]
    return isinstance(mismatch.value, (dict, list)) or any(secret in name for name in names for secret in _SECRETS)


def image(request: Request, status: int, error: PileusError) -> Reply:
    """Negotiated by Accept: JSON, HTML or plain text; HTML is what a client gets that says nothing."""
    code, title, detail = f"{status} {title_of(status)}", title_of(status), error.reason
    if isinstance(error, BodyMismatch):
        path = "/".join(str(part) for part in error.mismatch.path)
        detail = f"Provided object does not match schema: {error.mismatch.sentence} ({path or 'body'})"
    media = preferred(request.headers.get("accept", ""), ("text/html", "application/json"))
    if media == "application/json":
        return Reply.json({"message": f"{detail}<br /><br />\n\n\n", "code": code, "title": title}, status)
    if media == "text/html":
        return _html_page(code, detail, status)
    return Reply.text(f"{code}\n\n{detail}\n\n   ", status)


def _html_page(code: str, detail: str, status: int) -> Reply:
    page = (
        f"<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n"
        f"  {html.escape(detail)}<br /><br />\n\n\n\n </body>\n</html>"
    )
    return Reply.text(page, status, "text/html; charset=UTF-8")


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """Return the offer that an Accept header likes best, the first among equals; None if it likes none."""
    wishes: dict[str, float] = {}
    for part in (accept or "*/*").lower().split(","):
        media, *parameters = (word.strip() for word in part.split(";"))
        quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        wishes[media] = float(quality) if _QUALITY.fullmatch(quality) else 0.0

    def liking(offer: str) -> float:
        kind = offer.split("/")[0]
        return next((wishes[media] for media in (offer, f"{kind}/*", "*/*") if media in wishes), 0.0)

    best = max(offers, key=liking)
    return best if liking(best) > 0 else None
