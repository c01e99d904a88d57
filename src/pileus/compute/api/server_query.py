"""The query string of a list of servers."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.changes import changes_of
from pileus.compute.api.name_filter import pattern_of
from pileus.compute.db.server_list import EQUALS, MOMENTS, PATTERNS, SORT_KEYS, ServerQuery, TagsWish
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.server import Server, StateMatch, states_of
from pileus.kit.errors import Forbidden, Invalid
from pileus.kit.http.message import Query, Request

ALL_FILTERS = "os_compute_api:servers:allow_all_filters"
_RENAMED = {
    "tenant_id": "project_id", "instance_type_id": "flavor", "image_ref": "image", "display_name": "name",
    "display_description": "description",
}  # fmt: skip
_ADDRESSES = ("ip", "ip6")
_NUMBERS = ("power_state", "launch_index", "progress")
_WORDS = ("config_drive", "auto_disk_config")
_REFERENCES = ("image", "flavor")  # which may be links
_TAGS = ("tags", "tags-any", "not-tags", "not-tags-any")
_ADMIN_SORT_KEYS = ("host", "node")
_FOR_ANYBODY = frozenset(("reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"))
_FOR_ANYBODY_LATER = (
    (v.FILTER_BY_IP6, ("ip6",)),
    (v.SERVER_TAGS, _TAGS),
    (v.CHANGES_BEFORE, ("changes-before",)),
    (v.LOCK_REASON, ("locked",)),
    (v.MORE_FILTERS, (
        "availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at", "power_state",
        "task_state", "vm_state", "progress", "user_id",
    )),
    (v.HOSTNAME, ("hostname",)),
)  # fmt: skip
OF_OTHER_TABLES = (
    "block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices",
)  # fmt: skip
_ONCE_SORT_KEYS = (
    "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted", "deleted_at",
    "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on", "locked", "memory_mb",
    "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
)  # fmt: skip
"""Passed over since they were disabled, until unknown keys are refused."""

_SAME_FOR_ALL = ("kernel_id", "progress", "ramdisk_id")
"""Sort keys that order nothing here."""


def of_request(request: Request, *, get_all_tenants: str, limit: int) -> ServerQuery:
    """Return what is asked for; the marker is left to the caller. Raises Invalid, Forbidden."""
    may_all = request.may(ALL_FILTERS, _target(request))
    filters = _filters(request, may_all=may_all)
    since, before = changes_of(request)
    equals = _equals(request, filters, get_all_tenants)
    is_nothing = any(filters.get(name) for name in _ADDRESSES)  # no server has an address
    is_nothing = is_nothing or parse.whole("progress", filters.get("progress") or "0") != 0
    return ServerQuery(
        equals=equals,
        patterns={name: pattern_of(name, filters[name]) for name in PATTERNS if name in filters},
        moments={name: parse.moment(name, filters[name]) for name in MOMENTS if name in filters},
        states=_states(request, may_all=may_all),
        tags=TagsWish(**{
            member: filters[name].split(",")
            for member, name in zip(("all_of", "any_of", "not_all_of", "none_of"), _TAGS, strict=True)
            if name in filters
        }),
        is_locked=_is_locked(filters),
        changed_since=since,
        changed_before=before,
        is_deleted=_is_deleted(
            request.query, filters, is_about_changes=bool(since or before), may_all=may_all
        ),
        is_nothing=is_nothing,
        sort=_sort(request, may_all=may_all),
        limit=limit,
    )  # fmt: skip


def require_marker(request: Request, marker: Server, *, get_all_tenants: str) -> Server:
    """Return a page's marker. Raises MarkerNotFound for a project's that the caller may not list."""
    if marker.project_id != request.context.project_id and not request.may(get_all_tenants, _target(request)):
        raise MarkerNotFound(marker=marker.id)
    return marker


def _target(request: Request) -> dict[str, Any]:
    return {"project_id": request.context.project_id, "user_id": request.context.user_id}


# --- filters --------------------------------------------------------------------------------------


def _filters(request: Request, *, may_all: bool) -> dict[str, str]:
    """Return the filters that the caller may use, by the names that they have here; others are passed over."""
    allowed = set(_FOR_ANYBODY)
    for change, names in _FOR_ANYBODY_LATER:
        if request.since(change):
            allowed.update(names)
    filters: dict[str, str] = {}
    for name, value in request.query.pairs():
        if not (may_all or name in allowed):
            continue
        if name in OF_OTHER_TABLES or name.startswith("_"):
            raise Invalid(f"Invalid filter field: {name}.")
        filters[_RENAMED.get(name, name)] = value
    return filters


def _equals(request: Request, filters: dict[str, str], get_all_tenants: str) -> dict[str, Any]:
    equals = {name: _value(name, filters[name]) for name in EQUALS if name in filters}
    text = request.query.get("all_tenants")
    if text is not None and (text == "" or parse.boolean("all_tenants", text)):
        request.require(_target(request), get_all_tenants)
    else:
        equals["project_id"] = request.context.project_id or ""
    return equals


def _value(name: str, text: str) -> object:
    if name in _NUMBERS:
        return parse.whole(name, text)
    if name in _REFERENCES:
        return parse.last_part(text)
    return parse.is_true(text) if name in _WORDS else text


def _states(request: Request, *, may_all: bool) -> tuple[StateMatch, ...] | None:
    wanted = request.query.all("status")
    if not wanted:
        return None
    if not may_all and any(status.upper() == "DELETED" for status in wanted):
        raise Forbidden("Only administrators may list deleted instances")
    states = tuple(match for status in wanted for match in states_of(status))
    if not states and request.since(v.KNOWN_STATUS):
        raise Invalid("Invalid status value")
    return states


def _is_locked(filters: dict[str, str]) -> bool | None:
    return parse.boolean("locked", filters["locked"]) if "locked" in filters else None


def _is_deleted(query: Query, filters: dict[str, str], *, is_about_changes: bool, may_all: bool) -> bool | None:
    """Return whether deleted servers are wanted, or others, or all: who asks what has changed wants to hear of both."""
    if may_all and any(status.upper() == "DELETED" for status in query.all("status")):
        return True
    if filters.get("deleted"):
        return parse.boolean("deleted", filters["deleted"])
    return None if is_about_changes else False


# --- order ----------------------------------------------------------------------------------------


def _sort(request: Request, *, may_all: bool) -> list[tuple[str, bool]]:
    directions = request.query.all("sort_dir")
    for direction in directions:
        if direction not in ("asc", "desc"):
            raise Invalid(f"Invalid input for query parameters sort_dir. Value: {direction}.")
    keys = request.query.all("sort_key") or (["created_at"] if directions else [])
    last = directions[-1] if directions else "desc"
    asked = [(key, (directions[i] if i < len(directions) else last) == "desc") for i, key in enumerate(keys)]
    return [(key, is_descending) for key, is_descending in asked if _orders(request, key, may_all=may_all)]


def _orders(request: Request, key: str, *, may_all: bool) -> bool:
    """Tell whether a sort key has an effect. Raises Invalid for one that there is not, and Forbidden."""
    if key in _ADMIN_SORT_KEYS and not may_all:
        raise Forbidden(f"Only administrators can sort servers by {key}")
    if key in SORT_KEYS and (key != "locked" or request.since(v.LOCK_REASON)):
        return True
    if key in _SAME_FOR_ALL or (key in _ONCE_SORT_KEYS and not request.since(v.STRICT_LISTS)):
        return False
    raise Invalid(f"Invalid input for query parameters sort_key. Value: {key}.")
