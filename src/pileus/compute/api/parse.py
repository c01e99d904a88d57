"""Reading values out of query strings and bodies, as tolerantly as the API always did."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from ipaddress import ip_address

from pileus.kit.clock import parse_moment
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request

TRUE = ("1", "t", "true", "on", "y", "yes")
FALSE = ("0", "f", "false", "off", "n", "no")
_DIGITS = 18  # of a number that fits into a column, and that nobody writes to keep us busy


def boolean(name: str, text: str) -> bool:
    """Return what a word means. Raises Invalid."""
    word = text.strip().lower()
    if word not in TRUE + FALSE:
        raise Invalid(f"Invalid value '{text}' for {name}. Acceptable values are: {', '.join(sorted(TRUE + FALSE))}")
    return word in TRUE


def is_true(value: object) -> bool:
    """Tell whether a body's boolean, which may be a word, means yes."""
    return str(value).strip().lower() in TRUE


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number from 0 up, and no longer than any that a database keeps."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def whole(name: str, text: str) -> int:
    """Return a whole number from 0 up. Raises Invalid."""
    if not is_whole(text):
        raise Invalid(f"Invalid {name} filter [{text}]")
    return int(text)


def one_of(request: Request, name: str, values: Collection[str], default: str) -> str:
    """Return a query parameter that is one of these words. Raises Invalid."""
    value = request.query.get(name) or default
    if value not in values:
        raise Invalid(
            f"Invalid input for query parameters {name}. Value: {value}. {value!r} is not one of {list(values)}"
        )
    return value


def moment(name: str, text: str) -> datetime:
    """Return an ISO 8601 time as naive UTC. Raises Invalid."""
    try:
        return parse_moment(text.replace(" ", "+"))  # a '+' that was not encoded came as a blank
    except ValueError:
        raise Invalid(f"Invalid {name} value: {text}") from None


def address(text: str) -> str:
    """Return an IP address, which a schema let through, in its shortest form; nothing stays nothing."""
    return str(ip_address(text)) if text else text


def last_part(reference: object) -> str:
    """Return the id of a reference that may be an id or a URL."""
    return str(reference).rstrip("/").rsplit("/", 1)[-1]
