"""The tables of metadata definitions. What a namespace holds goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table

from pileus.image.db.tables import METADATA
from pileus.kit.db.types import MARIADB, BigId, LongText, Moment, Name

_NAME = String(80)


def _moments() -> Iterable[Column[Any]]:
    return Column("created_at", Moment, nullable=False), Column("updated_at", Moment, nullable=False)


def _part(kind: str, *columns: Column[Any], named_after: str | None = None) -> Table:
    """Return the table of one kind of what a namespace holds; no two of a kind share a name."""
    reference = () if named_after is None else (ForeignKey(named_after),)
    return Table(
        f"metadef_{kind}",
        METADATA,
        Column("namespace_id", BigId, ForeignKey("metadef_namespace.id", ondelete="CASCADE"), primary_key=True),
        Column("name", _NAME, *reference, primary_key=True),
        *columns,
        *_moments(),
        **MARIADB,
    )


namespace = Table(
    "metadef_namespace",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("namespace", _NAME, nullable=False),
    Column("display_name", _NAME),
    Column("description", LongText),
    Column("visibility", String(9), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("owner", Name, nullable=False),
    *_moments(),
    Index("uq_metadef_namespace_namespace", "namespace", unique=True),
    Index(None, "owner"),
    **MARIADB,
)

resource_type = Table(
    "metadef_resource_type",
    METADATA,
    Column("name", _NAME, primary_key=True),
    *_moments(),
    **MARIADB,
)

association = _part(
    "association", Column("prefix", _NAME), Column("properties_target", _NAME), named_after="metadef_resource_type.name"
)
property_ = _part("property", Column("document", LongText, nullable=False))  # JSON
object_ = _part(
    "object",
    Column("description", LongText),
    Column("required", LongText, nullable=False),  # a JSON list of names of properties
    Column("properties", LongText, nullable=False),  # JSON: a property's document for each name
)
tag = _part("tag")
