"""Reading values out of query strings and bodies, as tolerantly as the API always did."""

from __future__ import annotations

from datetime import datetime

from pileus.kit.clock import parse_moment
from pileus.kit.errors import Invalid

TRUE = ("1", "t", "true", "on", "y", "yes")
FALSE = ("0", "f", "false", "off", "n", "no")


def boolean(name: str, text: str) -> bool:
    """Return what a word means. Raises Invalid."""
    word = text.strip().lower()
    if word not in TRUE + FALSE:
        raise Invalid(f"Invalid value '{text}' for {name}. Acceptable values are: {', '.join(sorted(TRUE + FALSE))}")
    return word in TRUE


def is_true(value: object) -> bool:
    """Tell whether a body's boolean, which may be a word, means yes."""
    return str(value).strip().lower() in TRUE


def whole(name: str, text: str) -> int:
    """Return a whole number from 0 up. Raises Invalid."""
    if not text.isascii() or not text.isdigit():
        raise Invalid(f"Invalid {name} filter [{text}]")
    return int(text)


def moment(name: str, text: str) -> datetime:
    """Return an ISO 8601 time as naive UTC. Raises Invalid."""
    try:
        return parse_moment(text.replace(" ", "+"))  # a '+' that was not encoded came as a blank
    except ValueError:
        raise Invalid(f"Invalid {name} value: {text}") from None


def last_part(reference: object) -> str:
    """Return the id of a reference that may be an id or a URL."""
    return str(reference).rstrip("/").rsplit("/", 1)[-1]
