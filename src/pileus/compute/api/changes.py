"""The two query parameters of most lists that say when something changed."""

from __future__ import annotations

from datetime import datetime

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request


def changes_of(request: Request) -> tuple[datetime | None, datetime | None]:
    """Return `changes-since` and `changes-before`. Raises Invalid."""
    since = _moment(request, "changes-since")
    before = _moment(request, "changes-before") if request.since(v.CHANGES_BEFORE) else None
    if since is not None and before is not None and before < since:
        raise Invalid("The value of changes-since must be less than or equal to changes-before.")
    return since, before


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query.get(name)
    return parse.moment(name, text) if text else None
