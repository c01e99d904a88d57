"""The grammar of query strings about metadata definitions."""

from __future__ import annotations

from pileus.image.api.query import DEFAULT_LIMIT, MAX_LIMIT, FilterInvalid, SortInvalid
from pileus.image.model.metadef import VISIBILITIES
from pileus.image.model.metadef_query import NAMESPACE_SORT_KEYS, PART_SORT_KEYS, NamespaceFilter, Page
from pileus.kit.http.message import Request
from pileus.kit.http.page import limit_of


def namespace_filter(request: Request) -> NamespaceFilter:
    """Return which namespaces a query asks for. Raises FilterInvalid."""
    visibility = request.query.get("visibility") or None
    if visibility is not None and visibility not in VISIBILITIES:
        raise FilterInvalid(f"Invalid visibility value: {visibility}")
    types = request.query.get("resource_types")
    return NamespaceFilter(visibility=visibility, resource_types=None if types is None else tuple(types.split(",")))


def namespace_page(request: Request) -> Page:
    """Return which page of namespaces a query asks for. Raises LimitInvalid, SortInvalid."""
    return _page(request, limit_of(request, default=DEFAULT_LIMIT, maximum=MAX_LIMIT), NAMESPACE_SORT_KEYS)


def part_page(request: Request) -> Page:
    """Return which page of what a namespace holds a query asks for; all, if it does not say how many.

    Raises LimitInvalid, SortInvalid.
    """
    limit = limit_of(request, default=None, maximum=MAX_LIMIT) if "limit" in request.query else None
    return _page(request, limit, PART_SORT_KEYS)


def _page(request: Request, limit: int | None, sort_keys: tuple[str, ...]) -> Page:
    sort_key = request.query.get("sort_key") or "created_at"
    if sort_key not in sort_keys:
        raise SortInvalid(f"Invalid sort key: {sort_key}. It must be one of the following: {', '.join(sort_keys)}.")
    direction = request.query.get("sort_dir") or "desc"
    if direction not in ("asc", "desc"):
        raise SortInvalid(f"Invalid sort direction: {direction}")
    marker = request.query.get("marker") or None
    return Page(limit=limit, marker=marker, sort_key=sort_key, is_descending=direction == "desc")
