"""What every list can be asked: filters on a part of a text, and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from pileus.identity.backend import Backend
from pileus.identity.db.listing import PARTS, Asked, Filter, Filters, is_flag
from pileus.identity.model.errors import MarkerNotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of, with_marker

View = dict[str, Any]

_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}
_NO_LIMIT = 2**31
_NO = ("0", "false", "f", "no", "n", "off", "")


def flag(request: Request, name: str) -> bool | None:
    """Read a yes or no; a bare name means yes like every word that is not a no, and None that it was not given."""
    text = request.query.get(name)
    return None if text is None else _is_yes(text)


def asked(request: Request, backend: Backend, filters: Filters) -> Asked:
    """Return what the query wants of a list that the database filters and pages; what it does not know is left out.

    It asks for one row more than a page shows, which tells `page` whether there are more. Raises LimitInvalid.
    """
    found = [_read(name, text, filters) for name, text in request.query.pairs()]
    limit = limit_of(request, default=backend.list_limit, maximum=backend.max_db_limit)
    return Asked(
        filters=tuple(each for each in found if each is not None),
        limit=limit + 1,
        marker=request.query.get("marker") or None,
    )


def page(request: Request, plural: str, shown: Iterable[View], asked: Asked, path: str | None = None) -> Reply:
    """Return what a list found of what was `asked`."""
    rows = list(shown)
    has_more = asked.limit is not None and len(rows) >= asked.limit
    return _collection(request, plural, rows[:-1] if has_more else rows, has_more=has_more, path=path)


def many(request: Request, plural: str, shown: Iterable[View], path: str | None = None) -> Reply:
    """Return a collection that is short: what the query's filters leave of it, one page if the query wants pages."""
    rows, has_more = _page(request, _filter(request, shown))
    return _collection(request, plural, rows, has_more=has_more, path=path)


def links_of(request: Request) -> View:
    """Return the links of a collection that is all on one page."""
    question = f"?{request.query.text}" if request.query.text else ""
    return {"next": None, "self": f"{request.base_url}{request.path}{question}", "previous": None}


def _collection(request: Request, plural: str, rows: list[View], *, has_more: bool, path: str | None) -> Reply:
    base = f"{request.base_url}/v3/{path or plural}"
    linked = [{**row, "links": {**row.get("links", {}), "self": f"{base}/{quote(row['id'], safe='')}"}} for row in rows]
    links = links_of(request)
    body: View = {plural: linked, "links": links}
    if has_more:
        body["truncated"] = True
        if rows:
            links["next"] = request.base_url + with_marker(request, rows[-1]["id"])
    return Reply.json(body)


def _is_yes(text: str) -> bool:
    return not text or text.strip().lower() not in _NO


def _read(name: str, text: str, filters: Filters) -> Filter | None:
    """Return what `name=text` or `name__contains=text` asks for, or None if it is no filter of this list."""
    member, separator, comparator = name.partition("__")
    if member not in filters:
        return None
    if not separator:
        return Filter(member, _is_yes(text) if is_flag(filters[member]) else text)
    part = comparator.removeprefix("i")
    return Filter(member, text, part, is_case_blind=part != comparator) if part in PARTS else None


def _filter(request: Request, shown: Iterable[View]) -> list[View]:
    rows = list(shown)
    for name, part in request.query.pairs():
        member, separator, comparator = name.rpartition("__")
        compare = _COMPARE.get(comparator.removeprefix("i"))
        if separator and compare is not None:
            fold = str.casefold if comparator.startswith("i") else str
            rows = [row for row in rows if compare(fold(str(row.get(member) or "")), fold(part))]
    return rows


def _page(request: Request, rows: list[View]) -> tuple[list[View], bool]:
    limit = limit_of(request, default=None, maximum=_NO_LIMIT)
    marker = request.query.get("marker")
    if marker is not None:
        ids = [row["id"] for row in rows]
        if marker not in ids:
            raise MarkerNotFound(marker=marker)
        rows = rows[ids.index(marker) + 1 :]
    return rows[:limit], len(rows) > limit
