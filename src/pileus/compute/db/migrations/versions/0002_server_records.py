"""What belongs to servers: tags, groups, migrations, tokens of consoles, parts of hosts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pileus.kit.db.types import MARIADB, BigId, HexId, LongText, Moment, Name, Uuid36

revision = "0002_server_records"
down_revision = "0001_initial"


def upgrade() -> None:
    _create_server_tag()
    _create_server_group()
    _create_server_group_member()
    _create_migration()
    _create_console_token()
    _create_held_topology()


def _of_server(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["server_id"], ["server.id"], name=op.f(f"fk_{table}_server_id"), ondelete="CASCADE"
    )  # fmt: skip


def _create_server_tag() -> None:
    op.create_table(
        "server_tag",
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "tag", name=op.f("pk_server_tag")),
        _of_server("server_tag"),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_tag_tag"), "server_tag", ["tag"])


def _create_server_group() -> None:
    op.create_table(
        "server_group",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("id", Uuid36, nullable=False),
        sa.Column("project_id", HexId, nullable=False),
        sa.Column("user_id", HexId, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("max_server_per_host", sa.Integer),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_server_group")),
        sa.UniqueConstraint("id", name=op.f("uq_server_group_id")),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_group_project_id"), "server_group", ["project_id"])


def _create_server_group_member() -> None:
    op.create_table(
        "server_group_member",
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("group_id", Uuid36, nullable=False),
        sa.Column("claimed_host", Name),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_server_group_member")),
        _of_server("server_group_member"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["server_group.id"], name=op.f("fk_server_group_member_group_id"), ondelete="CASCADE"
        ),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_group_member_group_id"), "server_group_member", ["group_id"])


def _create_migration() -> None:
    op.create_table(
        "migration",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("uuid", Uuid36, nullable=False),
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("user_id", HexId),
        sa.Column("project_id", HexId),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("source_host", Name),
        sa.Column("source_node", Name),
        sa.Column("dest_host", Name),
        sa.Column("dest_node", Name),
        sa.Column("dest_address", Name),
        sa.Column("old_flavor_number", BigId),
        sa.Column("new_flavor_number", BigId),
        sa.Column("memory_total_bytes", sa.BigInteger),
        sa.Column("memory_processed_bytes", sa.BigInteger),
        sa.Column("disk_total_bytes", sa.BigInteger),
        sa.Column("disk_processed_bytes", sa.BigInteger),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_migration")),
        sa.UniqueConstraint("uuid", name=op.f("uq_migration_uuid")),
        _of_server("migration"),
        **MARIADB,
    )
    op.create_index(op.f("ix_migration_server_id"), "migration", ["server_id"])
    op.create_index(op.f("ix_migration_status"), "migration", ["status"])


def _create_console_token() -> None:
    op.create_table(
        "console_token",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("console_type", sa.String(16), nullable=False),
        sa.Column("host", Name, nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("tls_port", sa.Integer),
        sa.Column("internal_access_path", Name),
        sa.Column("expires_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_console_token")),
        _of_server("console_token"),
        **MARIADB,
    )
    op.create_index(op.f("ix_console_token_expires_at"), "console_token", ["expires_at"])


def _create_held_topology() -> None:
    op.create_table(
        "held_topology",
        sa.Column("holder", Uuid36, nullable=False),
        sa.Column("host", Name),
        sa.Column("topology", LongText),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_held_topology")),
        **MARIADB,
    )
    op.create_index(op.f("ix_held_topology_host"), "held_topology", ["host"])
