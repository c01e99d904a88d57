"""What decides which statements find a page of a list, apart from the values that are asked for.

To build the statement of a page, and to find out that the database has had it before, takes longer than to run it. So
the statements of each shape are kept, and the values are bound each time. What builds them is given nothing but the
shape: no value can get into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.types import TypeEngine

from pileus.image.db.image import is_whole, sorted_as, value_key
from pileus.image.model.query import ImageQuery, Sort, Viewer

KEPT = 128  # statements of each kind: clients ask for lists of a few shapes


@dataclass(frozen=True, slots=True)
class Shape:
    """A list without its values, each of which has a place: those are `values`."""

    filters: tuple[tuple[str, str], ...]  # name and operator
    properties: tuple[bool, ...]  # whether only this value has its key
    tags: int
    visibility: str | None
    member_status: str
    sort: tuple[Sort, ...]
    has_marker: bool
    is_admin: bool
    has_project: bool


def of(viewer: Viewer, query: ImageQuery) -> Shape:
    """Return what a list is like."""
    return Shape(
        filters=tuple((each.name, each.operator) for each in query.filters),
        properties=tuple(map(is_whole, query.properties.values())),
        tags=len(query.tags),
        visibility=query.visibility,
        member_status=query.member_status,
        sort=query.sort,
        has_marker=query.marker is not None,
        is_admin=viewer.is_admin,
        has_project=viewer.project_id is not None,
    )


def place(kind: str, number: int, *, is_list: bool = False, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
    """Return where a value goes in a statement; its type is that of what it is compared with, if not said."""
    return bindparam(f"{kind}_{number}", expanding=is_list, type_=type_)


def values(viewer: Viewer, query: ImageQuery) -> dict[str, Any]:
    """Return what belongs into the places of a list's shape."""
    found = {"viewer": viewer.project_id, "limit": query.limit}
    found |= {f"filter_{number}": each.value for number, each in enumerate(query.filters)}
    found |= {f"tag_{number}": tag for number, tag in enumerate(query.tags)}
    for number, (name, value) in enumerate(query.properties.items()):
        found |= {f"property_{number}": name, f"property_key_{number}": value_key(value)}
        found[f"property_value_{number}"] = value
    if query.marker is not None:
        for number, sort in enumerate(query.sort):
            found[f"marker_{number}"] = sorted_as(sort.key, getattr(query.marker, sort.key))
    return found
