"""The first schema."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from pileus.kit.db.types import MARIADB, BigId, Moment

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "resource_class",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_resource_class"),
        **MARIADB,
    )
    op.create_table(
        "trait",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_trait"),
        **MARIADB,
    )
    create_provider_tables()
    create_consumer_tables()
    create_change_table()


def create_provider_tables() -> None:
    op.create_table(
        "resource_provider",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("root_uuid", sa.String(36), nullable=False),
        sa.Column("parent_uuid", sa.String(36)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resource_provider"),
        sa.UniqueConstraint("uuid", name="uq_resource_provider_uuid"),
        sa.UniqueConstraint("name", name="uq_resource_provider_name"),
        sa.ForeignKeyConstraint(["parent_uuid"], ["resource_provider.uuid"], name="fk_resource_provider_parent_uuid"),
        **MARIADB,
    )
    op.create_index("ix_resource_provider_root_uuid", "resource_provider", ["root_uuid"])
    op.create_index("ix_resource_provider_parent_uuid", "resource_provider", ["parent_uuid"])
    op.create_table(
        "inventory",
        sa.Column("provider_id", BigId, nullable=False),
        sa.Column("resource_class", sa.String(255), nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False),
        sa.Column("min_unit", sa.Integer, nullable=False),
        sa.Column("max_unit", sa.Integer, nullable=False),
        sa.Column("step_size", sa.Integer, nullable=False),
        sa.Column("allocation_ratio", sa.Double, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "resource_class", name="pk_inventory"),
        of_provider("inventory"),
        **MARIADB,
    )
    op.create_index("ix_inventory_resource_class", "inventory", ["resource_class"])
    op.create_table(
        "resource_provider_trait",
        sa.Column("provider_id", BigId, nullable=False),
        sa.Column("trait", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "trait", name="pk_resource_provider_trait"),
        of_provider("resource_provider_trait"),
        **MARIADB,
    )
    op.create_index("ix_resource_provider_trait_trait", "resource_provider_trait", ["trait"])
    op.create_table(
        "resource_provider_aggregate",
        sa.Column("provider_id", BigId, nullable=False),
        sa.Column("aggregate_uuid", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "aggregate_uuid", name="pk_resource_provider_aggregate"),
        of_provider("resource_provider_aggregate"),
        **MARIADB,
    )
    op.create_index("ix_resource_provider_aggregate_aggregate_uuid", "resource_provider_aggregate", ["aggregate_uuid"])


def of_provider(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["provider_id"], ["resource_provider.id"], name=f"fk_{table}_provider_id", ondelete="CASCADE"
    )


def create_consumer_tables() -> None:
    op.create_table(
        "consumer",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(255)),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consumer"),
        sa.UniqueConstraint("uuid", name="uq_consumer_uuid"),
        **MARIADB,
    )
    op.create_index("ix_consumer_project_id_user_id", "consumer", ["project_id", "user_id"])
    op.create_table(
        "allocation",
        sa.Column("consumer_id", BigId, nullable=False),
        sa.Column("provider_id", BigId, nullable=False),
        sa.Column("resource_class", sa.String(255), nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("consumer_id", "provider_id", "resource_class", name="pk_allocation"),
        sa.ForeignKeyConstraint(["consumer_id"], ["consumer.id"], name="fk_allocation_consumer_id"),
        sa.ForeignKeyConstraint(["provider_id"], ["resource_provider.id"], name="fk_allocation_provider_id"),
        **MARIADB,
    )
    op.create_index("ix_allocation_provider_id_resource_class", "allocation", ["provider_id", "resource_class"])


def create_change_table() -> None:
    change = op.create_table(
        "change",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("provider_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
        **MARIADB,
    )
    op.create_index("ix_change_created_at", "change", ["created_at"])
    op.bulk_insert(change, [{"provider_id": 0, "created_at": datetime(2026, 1, 1)}])
