"""The grammar of a list's query string: filters, order and page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from pileus.image.db import image as images
from pileus.image.model.errors import MarkerNotFound
from pileus.image.model.image import VISIBILITIES, Image, is_seen_by
from pileus.image.model.query import SORT_KEYS, Filter, ImageQuery, Sort, Viewer
from pileus.kit.clock import parse_moment
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Query

DEFAULT_LIMIT = 25
MAX_LIMIT = 1000
MOST_CONDITIONS = 50  # each makes the statement longer, and statements are kept
MEMBER_STATUSES = ("pending", "accepted", "rejected", "all")

_COMPARISONS = ("eq", "neq", "gt", "gte", "lt", "lte")
_NOT_FILTERS = frozenset(
    {"limit", "marker", "sort", "sort_key", "sort_dir", "tag", "visibility", "member_status", "deleted"}
)


class FilterInvalid(Invalid):
    """A filter is not understood."""


class SortInvalid(Invalid):
    """The order is not understood."""


def read(query: Query, tx: Transaction, viewer: Viewer) -> ImageQuery:
    """Return what a query string asks for. Raises FilterInvalid, SortInvalid, MarkerNotFound."""
    filters, properties = _filters(query)
    tags = tuple(tag.strip() for tag in query.all("tag"))
    if len(filters) + len(properties) + len(tags) > MOST_CONDITIONS:
        raise FilterInvalid(
            f"A list may have no more than {MOST_CONDITIONS} conditions on tags, properties and others."
        )
    return ImageQuery(
        limit=_limit(query),
        filters=filters,
        properties=properties,
        tags=tags,
        visibility=_visibility(query),
        member_status=_member_status(query),
        sort=_sort(query),
        marker=_marker(query, tx, viewer),
    )


# --- the page ---------------------------------------------------------------------------------------


def _limit(query: Query) -> int:
    text = query.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
        raise FilterInvalid("limit param must be an integer")
    if int(text) < 0:
        raise FilterInvalid("limit param must be positive")
    return min(int(text), MAX_LIMIT)


def _marker(query: Query, tx: Transaction, viewer: Viewer) -> Image | None:
    marker_id = query.get("marker")
    if marker_id is None:
        return None
    marker = images.find(tx, marker_id, viewer.project_id)
    if marker is None or not is_seen_by(marker, viewer.project_id, is_admin=viewer.is_admin):
        raise MarkerNotFound(image_id=marker_id)
    return marker


# --- the order --------------------------------------------------------------------------------------


def _sort(query: Query) -> tuple[Sort, ...]:
    pairs = _new_style_sort(query) if "sort" in query else _classic_sort(query)
    sorts = [Sort(_sort_key(key), _is_descending(direction)) for key, direction in pairs]
    directions = {direction for _, direction in pairs}
    is_descending = directions != {"asc"}
    for key in ("created_at", "id"):
        if all(sort.key != key for sort in sorts):
            sorts.append(Sort(key, is_descending))
    return tuple(sorts)


def _new_style_sort(query: Query) -> list[tuple[str, str]]:
    if "sort_key" in query or "sort_dir" in query:
        raise SortInvalid("Old and new sorting syntax cannot be combined")
    parts = [part.partition(":") for part in (query.get("sort") or "").strip().split(",")]
    return [(key.strip(), direction.strip() or "desc") for key, _, direction in parts]


def _classic_sort(query: Query) -> list[tuple[str, str]]:
    keys = [key.strip() for key in query.all("sort_key")]
    directions = [direction.strip() for direction in query.all("sort_dir")]
    if len(directions) > 1 and len(directions) != len(keys):
        raise SortInvalid("Number of sort dirs does not match the number of sort keys")
    keys = keys or ["created_at"]
    if len(directions) <= 1:
        directions = (directions or ["desc"]) * len(keys)
    return list(zip(keys, directions, strict=True))


def _sort_key(key: str) -> str:
    if key not in SORT_KEYS:
        raise SortInvalid(f"Invalid sort key: {key}. It must be one of the following: {', '.join(SORT_KEYS)}.")
    return key


def _is_descending(direction: str) -> bool:
    if direction not in ("asc", "desc"):
        raise SortInvalid(f"Invalid sort direction: {direction}")
    return direction == "desc"


# --- the filters ------------------------------------------------------------------------------------


def _visibility(query: Query) -> str | None:
    visibility = query.get("visibility")
    if visibility and visibility not in (*VISIBILITIES, "all"):
        raise FilterInvalid(f"Invalid visibility value: {visibility}")
    return visibility or None


def _member_status(query: Query) -> str:
    status = query.get("member_status", "accepted") or ""
    if status not in MEMBER_STATUSES:
        raise FilterInvalid(f"Invalid status: {status}")
    return status


def _filters(query: Query) -> tuple[tuple[Filter, ...], dict[str, str]]:
    """Return the filters on attributes, and those on properties: all names that are no attribute."""
    filters = []
    properties = {}
    given = {name: value for name, value in query.pairs() if name not in _NOT_FILTERS}
    if given.get("changes-since"):
        raise FilterInvalid('The "changes-since" filter is no longer available on v2.')
    for name, value in {"os_hidden": "false", **given}.items():
        read_filter = _READERS.get(name)
        if read_filter is None:
            properties[name] = value
        else:
            filters.append(read_filter(name, value))
    return tuple(filters), properties


def _is(name: str, text: str) -> Filter:
    return Filter(name, "eq", text)


def _is_or_in(name: str, text: str) -> Filter:
    operator, found, rest = text.partition(":")
    if not found:
        return Filter(name, "eq", text)
    if operator == "in":
        return Filter(name, "in", _split_list(rest))
    if operator == "eq":
        return Filter(name, "eq", rest)
    raise FilterInvalid(f"Unable to filter by unknown operator '{operator}'.")


def _boolean(name: str, text: str) -> Filter:
    value = text.lower() if name == "os_hidden" else text
    if value not in ("true", "false"):
        raise FilterInvalid(f"Invalid value '{text}' for '{name}' filter. Valid values are 'true' or 'false'.")
    return Filter(name, "eq", value == "true")


def _number(operator: str, suffix: str = "") -> Callable[[str, str], Filter]:
    def read_filter(name: str, text: str) -> Filter:
        if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
            raise FilterInvalid("Unable to filter on a range with a non-numeric value.")
        return Filter(name.removesuffix(suffix), operator, int(text))

    return read_filter


def _moment(name: str, text: str) -> Filter:
    operator, value = "eq", _parse_moment(text)
    if value is None:
        operator, _, rest = text.partition(":")
        value = _parse_moment(rest)
    if value is None:
        raise FilterInvalid(f'Bad "{name}" query filter format. Use ISO 8601 DateTime notation.')
    if operator not in _COMPARISONS:
        raise FilterInvalid("Unable to filter on a unknown operator.")
    return Filter(name, operator, value)


def _parse_moment(text: str) -> datetime | None:
    try:
        return parse_moment(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None


def _split_list(text: str) -> list[str]:
    """Return the words of `a,"b,c",d`; a backslash keeps a quote from ending a word."""
    if not re.fullmatch(r'(?:"(?:[^"\\]|\\.)*"|[^",]*)(?:,(?:"(?:[^"\\]|\\.)*"|[^",]*))*', text):
        raise FilterInvalid(f"Invalid filter value {text}. The quotes and commas do not fit together.")
    words = re.findall(r'(?:^|,)(?:"((?:[^"\\]|\\.)*)"|([^",]*))', text)
    return [re.sub(r"\\(.)", r"\1", quoted) or plain for quoted, plain in words]


_READERS: dict[str, Callable[[str, str], Filter]] = {
    **dict.fromkeys(("name", "id", "status", "container_format", "disk_format"), _is_or_in),
    **dict.fromkeys(("owner", "checksum", "os_hash_algo", "os_hash_value"), _is),
    **dict.fromkeys(("os_hidden", "protected"), _boolean),
    **dict.fromkeys(("created_at", "updated_at"), _moment),
}
for _name in ("size", "virtual_size", "min_disk", "min_ram"):
    _READERS[_name] = _number("eq")
    _READERS[f"{_name}_min"] = _number("gte", "_min")
    _READERS[f"{_name}_max"] = _number("lte", "_max")
