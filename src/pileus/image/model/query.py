"""What a list of images shall show, to whom, and in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pileus.image.model.image import Image

SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes a list is for."""

    project_id: str | None
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on an attribute of every image: `size gte 1024`, `name in (a, b)`."""

    name: str
    operator: str  # eq, neq, gt, gte, lt, lte, in
    value: Any


@dataclass(frozen=True, slots=True)
class Sort:
    """One level of an order."""

    key: str
    is_descending: bool = True


DEFAULT_SORT = (Sort("created_at"), Sort("id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageQuery:
    """One page of a list. `sort` ends with a key that no two images share."""

    limit: int
    filters: tuple[Filter, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    visibility: str | None = None  # None: the usual list; 'all': also others' community images
    member_status: str = "accepted"  # of images shared with the viewer; 'all': any
    sort: tuple[Sort, ...] = DEFAULT_SORT
    marker: Image | None = None  # the last image of the page before
