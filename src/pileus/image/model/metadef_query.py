"""What a list of namespaces, or of what one holds, shall show, and in what order."""

from __future__ import annotations

from dataclasses import dataclass

PART_SORT_KEYS = ("created_at", "updated_at", "name")
NAMESPACE_SORT_KEYS = (
    "created_at",
    "updated_at",
    "id",
    "namespace",
    "display_name",
    "description",
    "visibility",
    "protected",
    "owner",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: at most `limit` rows after the one that is called `marker`, ordered by `sort_key`."""

    limit: int | None = None
    marker: str | None = None
    sort_key: str = "created_at"
    is_descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceFilter:
    """Which namespaces: of one visibility, and meant for at least one of some types of resources."""

    visibility: str | None = None
    resource_types: tuple[str, ...] | None = None
