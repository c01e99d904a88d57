"""Placement's tables.

Resource classes and traits are columns of names, not of numbers: the standard ones live in code (os-resource-classes,
os-traits) and only custom ones are rows. So no process holds a cache of ids that another may have outdated, a newer
library needs no migration, and every statement reads as what it means.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, String, Table

from pileus.kit.db.types import MARIADB, BigId, Moment, Name, Uuid36, new_metadata

METADATA = new_metadata()

resource_class = Table(
    "resource_class",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("created_at", Moment, nullable=False),
    **MARIADB,
)

trait = Table(
    "trait",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("created_at", Moment, nullable=False),
    **MARIADB,
)

resource_provider = Table(
    "resource_provider",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("uuid", Uuid36, nullable=False, unique=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("generation", Integer, nullable=False),
    Column("root_uuid", Uuid36, nullable=False, index=True),
    Column("parent_uuid", Uuid36, ForeignKey("resource_provider.uuid"), index=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    **MARIADB,
)

inventory = Table(
    "inventory",
    METADATA,
    Column("provider_id", BigId, ForeignKey("resource_provider.id", ondelete="CASCADE"), primary_key=True),
    Column("resource_class", Name, primary_key=True),
    Column("total", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("min_unit", Integer, nullable=False),
    Column("max_unit", Integer, nullable=False),
    Column("step_size", Integer, nullable=False),
    Column("allocation_ratio", Double, nullable=False),
    Column("used", BigInteger, nullable=False),  # what all allocations of it add up to, changed with them
    Column("updated_at", Moment, nullable=False),
    Index("ix_inventory_resource_class", "resource_class"),
    **MARIADB,
)

resource_provider_trait = Table(
    "resource_provider_trait",
    METADATA,
    Column("provider_id", BigId, ForeignKey("resource_provider.id", ondelete="CASCADE"), primary_key=True),
    Column("trait", Name, primary_key=True),
    Index("ix_resource_provider_trait_trait", "trait"),
    **MARIADB,
)

resource_provider_aggregate = Table(
    "resource_provider_aggregate",
    METADATA,
    Column("provider_id", BigId, ForeignKey("resource_provider.id", ondelete="CASCADE"), primary_key=True),
    Column("aggregate_uuid", Uuid36, primary_key=True),
    Index("ix_resource_provider_aggregate_aggregate_uuid", "aggregate_uuid"),
    **MARIADB,
)

consumer = Table(
    "consumer",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("uuid", Uuid36, nullable=False, unique=True),
    Column("project_id", Name, nullable=False),
    Column("user_id", Name, nullable=False),
    Column("type", Name),
    Column("generation", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_consumer_project_id_user_id", "project_id", "user_id"),
    **MARIADB,
)

allocation = Table(
    "allocation",
    METADATA,
    Column("consumer_id", BigId, ForeignKey("consumer.id"), primary_key=True),
    Column("provider_id", BigId, ForeignKey("resource_provider.id"), primary_key=True),
    Column("resource_class", Name, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_allocation_provider_id_resource_class", "provider_id", "resource_class"),
    **MARIADB,
)

change = Table(
    "change",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("provider_id", BigInteger, nullable=False),  # no foreign key: that it was removed is a change too
    Column("created_at", Moment, nullable=False),
    Index("ix_change_created_at", "created_at"),
    **MARIADB,
)
