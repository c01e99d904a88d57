"""The query string of a list of servers."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import name_filter, parse
from pileus.compute.db.server_list import EQUALS, SORT_KEYS, ServerQuery
from pileus.compute.model.errors import MarkerNotFound
from pileus.compute.model.server import Server, StateMatch, states_of
from pileus.kit.errors import Forbidden, Invalid
from pileus.kit.http.message import Query, Request

ALL_FILTERS = "os_compute_api:servers:allow_all_filters"
_FOR_ANYBODY = ("flavor", "image", "reservation_id")
_RENAMED = {"tenant_id": "project_id", "instance_type_id": "flavor"}
_ADDRESSES = ("ip", "ip6")
_NUMBERS = ("power_state", "launch_index")
_ADMIN_SORT_KEYS = ("host", "node")


def of_request(request: Request, *, get_all_tenants: str, limit: int) -> ServerQuery:
    """Return what is asked for; the marker is left to the caller. Raises Invalid, Forbidden."""
    query = request.query
    may_all = request.may(ALL_FILTERS, _target(request))
    states = _states(query, may_all=may_all)
    is_deleted, changed_since = _is_deleted(query, may_all=may_all), query.get("changes-since")
    if changed_since and is_deleted is None:
        deleted: bool | None = None  # whoever asks what has changed wants to hear of the deleted ones too
    else:
        deleted = bool(is_deleted)
    return ServerQuery(
        equals=_equals(request, get_all_tenants, may_all=may_all),
        name_like=_name_like(query),
        states=states,
        changed_since=parse.moment("changes-since", changed_since) if changed_since else None,
        is_deleted=deleted,
        is_nothing=any(query.get(name) for name in _ADDRESSES),  # no server has an address
        sort=_sort(request, may_all=may_all),
        limit=limit,
    )


def require_marker(request: Request, marker: Server, *, get_all_tenants: str) -> Server:
    """Return a page's marker. Raises MarkerNotFound for a project's that the caller may not list."""
    if marker.project_id != request.context.project_id and not request.may(get_all_tenants, _target(request)):
        raise MarkerNotFound(marker=marker.id)
    return marker


def _target(request: Request) -> dict[str, Any]:
    return {"project_id": request.context.project_id, "user_id": request.context.user_id}


# --- filters --------------------------------------------------------------------------------------


def _equals(request: Request, get_all_tenants: str, *, may_all: bool) -> dict[str, Any]:
    query = request.query
    names = EQUALS if may_all else _FOR_ANYBODY
    equals: dict[str, Any] = {}
    for name, value in query.pairs():
        column = _RENAMED.get(name, name)
        if column in names:
            equals[column] = parse.whole(name, value) if column in _NUMBERS else parse.last_part(value)
    project_id = query.get("tenant_id") or query.get("project_id")
    if _is_all_tenants(request, get_all_tenants, project_id):
        request.require(_target(request), get_all_tenants)
    else:
        equals["project_id"] = request.context.project_id or ""
    return equals


def _is_all_tenants(request: Request, get_all_tenants: str, project_id: str | None) -> bool:
    text = request.query.get("all_tenants")
    if text is None:
        is_other = project_id is not None and project_id != request.context.project_id
        return is_other and request.may(get_all_tenants, _target(request))
    return text == "" or parse.boolean("all_tenants", text)


def _states(query: Query, *, may_all: bool) -> tuple[StateMatch, ...] | None:
    wanted = query.all("status")
    if not wanted:
        return None
    if not may_all and any(status.upper() == "DELETED" for status in wanted):
        raise Forbidden("Only administrators may list deleted instances")
    return tuple(match for status in wanted for match in states_of(status))


def _is_deleted(query: Query, *, may_all: bool) -> bool | None:
    if not may_all:
        return None
    text = query.get("deleted")
    if text:
        return parse.boolean("deleted", text)
    return True if any(status.upper() == "DELETED" for status in query.all("status")) else None


def _name_like(query: Query) -> str | None:
    pattern = query.get("name")
    return None if pattern is None else name_filter.as_like(pattern)


# --- order ----------------------------------------------------------------------------------------


def _sort(request: Request, *, may_all: bool) -> list[tuple[str, bool]]:
    keys, directions = request.query.all("sort_key"), request.query.all("sort_dir")
    for key in keys:
        if key not in SORT_KEYS:
            raise Invalid(f"Invalid input for query parameters sort_key. Value: {key}.")
        if key in _ADMIN_SORT_KEYS and not may_all:
            raise Forbidden(f"Policy doesn't allow {ALL_FILTERS} to be performed.")
    for direction in directions:
        if direction not in ("asc", "desc"):
            raise Invalid(f"Invalid input for query parameters sort_dir. Value: {direction}.")
    if directions and not keys:
        keys = ["created_at"]
    last = directions[-1] if directions else "desc"
    return [(key, (directions[i] if i < len(directions) else last) == "desc") for i, key in enumerate(keys)]
