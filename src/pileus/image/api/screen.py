"""What every request must be, whatever it asks for."""

from __future__ import annotations

import re

from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request

_NUL_IN_URL = "%00"
_NUL_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class NulRefused(Invalid):
    """A text holds U+0000, which PostgreSQL neither stores nor compares."""

    message = "The request holds a NUL character."


def screen(request: Request) -> None:
    """Raise NulRefused for a text that not every database can hold."""
    if _NUL_IN_URL in request.path or _NUL_IN_URL in request.query.text or _NUL_IN_JSON.search(request.body):
        raise NulRefused
