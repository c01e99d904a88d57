"""Compute's first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pileus.kit.db.types import MARIADB, BigId, HexId, LongText, Moment, Name, Uuid36

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    _create_aggregate()
    _create_flavor()
    _create_fleet()
    _create_hypervisor()
    _create_keypair()
    _create_lease()
    _create_quota()
    _create_quota_class()
    _create_quota_guard()
    _create_server()
    _create_service()
    _create_workflow()
    _create_workflow_step()
    _create_aggregate_host()
    _create_aggregate_metadata()
    _create_flavor_access()
    _create_flavor_extra_spec()
    _create_server_action()
    _create_server_fault()
    _create_server_metadata()
    _create_server_action_event()
    _create_notification()


def _create_aggregate() -> None:
    op.create_table(
        "aggregate",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("uuid", Uuid36, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_aggregate")),
        sa.UniqueConstraint("name", name=op.f("uq_aggregate_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_aggregate_uuid")),
        **MARIADB,
    )


def _create_flavor() -> None:
    op.create_table(
        "flavor",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("vcpus", sa.Integer, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=False),
        sa.Column("root_gb", sa.Integer, nullable=False),
        sa.Column("ephemeral_gb", sa.Integer, nullable=False),
        sa.Column("swap_mb", sa.Integer, nullable=False),
        sa.Column("rxtx_factor", sa.Float, nullable=False),
        sa.Column("is_public", sa.Boolean, nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("description", LongText),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_flavor")),
        sa.UniqueConstraint("id", name=op.f("uq_flavor_id")),
        sa.UniqueConstraint("name", name=op.f("uq_flavor_name")),
        **MARIADB,
    )


def _create_hypervisor() -> None:
    op.create_table(
        "hypervisor",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("uuid", Uuid36, nullable=False),
        sa.Column("host", Name, nullable=False),
        sa.Column("hostname", Name, nullable=False),
        sa.Column("vcpus", sa.Integer, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=False),
        sa.Column("local_gb", sa.Integer, nullable=False),
        sa.Column("disk_available_gb", sa.Integer, nullable=False),
        sa.Column("hypervisor_type", sa.String(64), nullable=False),
        sa.Column("hypervisor_version", sa.Integer, nullable=False),
        sa.Column("cpu_info", LongText, nullable=False),
        sa.Column("traits", LongText, nullable=False),
        sa.Column("address", Name, nullable=False),
        sa.Column("topology", LongText, nullable=False),
        sa.Column("metrics", LongText, nullable=False),
        sa.Column("uptime", Name, nullable=False),
        sa.Column("failed_builds", sa.Integer, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_hypervisor")),
        sa.UniqueConstraint("host", name=op.f("uq_hypervisor_host")),
        sa.UniqueConstraint("uuid", name=op.f("uq_hypervisor_uuid")),
        **MARIADB,
    )
    op.create_index(op.f("ix_hypervisor_generation"), "hypervisor", ["generation"])


def _create_fleet() -> None:
    op.create_table(
        "fleet",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("gone_generation", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fleet")),
        **MARIADB,
    )


def _create_keypair() -> None:
    op.create_table(
        "keypair",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("user_id", HexId, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("fingerprint", Name, nullable=False),
        sa.Column("public_key", LongText, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_keypair")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_keypair_user_id_name")),
        **MARIADB,
    )


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        **MARIADB,
    )


def _create_quota() -> None:
    op.create_table(
        "quota",
        sa.Column("project_id", HexId, nullable=False),
        sa.Column("user_id", HexId, nullable=False),
        sa.Column("resource", sa.String(64), nullable=False),
        sa.Column("maximum", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id", "resource", name=op.f("pk_quota")),
        **MARIADB,
    )


def _create_quota_class() -> None:
    op.create_table(
        "quota_class",
        sa.Column("name", Name, nullable=False),
        sa.Column("resource", sa.String(64), nullable=False),
        sa.Column("maximum", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", "resource", name=op.f("pk_quota_class")),
        **MARIADB,
    )


def _create_quota_guard() -> None:
    op.create_table(
        "quota_guard",
        sa.Column("owner", Name, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_quota_guard")),
        **MARIADB,
    )


def _create_server() -> None:
    op.create_table(
        "server",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("id", Uuid36, nullable=False),
        sa.Column("project_id", HexId, nullable=False),
        sa.Column("user_id", HexId, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("hostname", Name, nullable=False),
        sa.Column("vm_state", sa.String(32), nullable=False),
        sa.Column("task_state", sa.String(64)),
        sa.Column("power_state", sa.Integer, nullable=False),
        sa.Column("host", Name),
        sa.Column("node", Name),
        sa.Column("availability_zone", Name),
        sa.Column("reservation_id", sa.String(64), nullable=False),
        sa.Column("launch_index", sa.Integer, nullable=False),
        sa.Column("flavor_id", Name, nullable=False),
        sa.Column("vcpus", sa.Integer, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=False),
        sa.Column("disk_gb", sa.Integer, nullable=False),
        sa.Column("flavor", LongText, nullable=False),
        sa.Column("image_id", Name),
        sa.Column("image", LongText),
        sa.Column("key_name", Name),
        sa.Column("public_key", LongText),
        sa.Column("user_data", LongText),
        sa.Column("has_config_drive", sa.Boolean, nullable=False),
        sa.Column("is_disk_config_auto", sa.Boolean, nullable=False),
        sa.Column("access_ip_v4", sa.String(64), nullable=False),
        sa.Column("access_ip_v6", sa.String(64), nullable=False),
        sa.Column("root_device_name", Name),
        sa.Column("description", LongText),
        sa.Column("locked_by", sa.String(16)),
        sa.Column("locked_reason", Name),
        sa.Column("requested_host", Name),
        sa.Column("requested_node", Name),
        sa.Column("is_host_forced", sa.Boolean, nullable=False),
        sa.Column("hints", LongText),
        sa.Column("block_devices", LongText),
        sa.Column("personality", LongText),
        sa.Column("trusted_certificates", LongText),
        sa.Column("encrypted_password", LongText),
        sa.Column("old_flavor", LongText),
        sa.Column("old_block_devices", LongText),
        sa.Column("old_vm_state", sa.String(32)),
        sa.Column("shelved_image_id", Uuid36),
        sa.Column("shelved_at", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment),
        sa.Column("launched_at", Moment),
        sa.Column("terminated_at", Moment),
        sa.Column("deleted_at", Moment),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_server")),
        sa.UniqueConstraint("id", name=op.f("uq_server_id")),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_deleted_at"), "server", ["deleted_at", "created_at", "number"])
    op.create_index(op.f("ix_server_host_deleted_at"), "server", ["host", "deleted_at"])
    op.create_index(
        op.f("ix_server_project_id_deleted_at"), "server", ["project_id", "deleted_at", "created_at", "number"]
    )
    op.create_index(op.f("ix_server_reservation_id"), "server", ["reservation_id"])
    op.create_index(op.f("ix_server_updated_at"), "server", ["updated_at"])
    op.create_index(op.f("ix_server_usage"), "server", ["project_id", "deleted_at", "user_id", "vcpus", "memory_mb"])


def _create_service() -> None:
    op.create_table(
        "service",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("uuid", Uuid36, nullable=False),
        sa.Column("host", Name, nullable=False),
        sa.Column("binary", sa.String(64), nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("disabled_reason", Name),
        sa.Column("is_forced_down", sa.Boolean, nullable=False),
        sa.Column("last_seen_at", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_service")),
        sa.UniqueConstraint("host", "binary", name=op.f("uq_service_host_binary")),
        sa.UniqueConstraint("uuid", name=op.f("uq_service_uuid")),
        **MARIADB,
    )


def _create_workflow() -> None:
    op.create_table(
        "workflow",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("id", Uuid36, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("arguments", LongText, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("answer", LongText),
        sa.Column("reason", LongText, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("wake_at", Moment, nullable=False),
        sa.Column("lease_owner", Name),
        sa.Column("lease_until", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_workflow")),
        sa.UniqueConstraint("id", name=op.f("uq_workflow_id")),
        **MARIADB,
    )
    op.create_index(op.f("ix_workflow_state_wake_at"), "workflow", ["state", "wake_at"])
    op.create_index(op.f("ix_workflow_subject_state"), "workflow", ["subject", "state"])


def _create_workflow_step() -> None:
    op.create_table(
        "workflow_step",
        sa.Column("workflow_id", Uuid36, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("result", LongText, nullable=False),
        sa.Column("finished_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("workflow_id", "name", name=op.f("pk_workflow_step")),
        **MARIADB,
    )


def _create_aggregate_host() -> None:
    op.create_table(
        "aggregate_host",
        sa.Column("aggregate_number", BigId, nullable=False),
        sa.Column("host", Name, nullable=False),
        sa.PrimaryKeyConstraint("aggregate_number", "host", name=op.f("pk_aggregate_host")),
        sa.ForeignKeyConstraint(
            ["aggregate_number"],
            ["aggregate.number"],
            name=op.f("fk_aggregate_host_aggregate_number"),
            ondelete="CASCADE",
        ),
        **MARIADB,
    )


def _create_aggregate_metadata() -> None:
    op.create_table(
        "aggregate_metadata",
        sa.Column("aggregate_number", BigId, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("value", Name, nullable=False),
        sa.PrimaryKeyConstraint("aggregate_number", "key", name=op.f("pk_aggregate_metadata")),
        sa.ForeignKeyConstraint(
            ["aggregate_number"],
            ["aggregate.number"],
            name=op.f("fk_aggregate_metadata_aggregate_number"),
            ondelete="CASCADE",
        ),
        **MARIADB,
    )


def _create_flavor_access() -> None:
    op.create_table(
        "flavor_access",
        sa.Column("flavor_number", BigId, nullable=False),
        sa.Column("project_id", HexId, nullable=False),
        sa.PrimaryKeyConstraint("flavor_number", "project_id", name=op.f("pk_flavor_access")),
        sa.ForeignKeyConstraint(
            ["flavor_number"], ["flavor.number"], name=op.f("fk_flavor_access_flavor_number"), ondelete="CASCADE"
        ),
        **MARIADB,
    )


def _create_flavor_extra_spec() -> None:
    op.create_table(
        "flavor_extra_spec",
        sa.Column("flavor_number", BigId, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("value", LongText, nullable=False),
        sa.PrimaryKeyConstraint("flavor_number", "key", name=op.f("pk_flavor_extra_spec")),
        sa.ForeignKeyConstraint(
            ["flavor_number"], ["flavor.number"], name=op.f("fk_flavor_extra_spec_flavor_number"), ondelete="CASCADE"
        ),
        **MARIADB,
    )


def _create_server_action() -> None:
    op.create_table(
        "server_action",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("request_id", Name, nullable=False),
        sa.Column("user_id", HexId, nullable=False),
        sa.Column("project_id", HexId, nullable=False),
        sa.Column("message", LongText),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("finished_at", Moment),
        sa.Column("workflow_id", Uuid36),
        sa.Column("progress", LongText),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_server_action")),
        sa.ForeignKeyConstraint(
            ["server_id"], ["server.id"], name=op.f("fk_server_action_server_id"), ondelete="CASCADE"
        ),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_action_server_id"), "server_action", ["server_id"])
    op.create_index(op.f("ix_server_action_finished_at"), "server_action", ["finished_at"])


def _create_server_fault() -> None:
    op.create_table(
        "server_fault",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("message", LongText, nullable=False),
        sa.Column("details", LongText, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_server_fault")),
        sa.ForeignKeyConstraint(
            ["server_id"], ["server.id"], name=op.f("fk_server_fault_server_id"), ondelete="CASCADE"
        ),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_fault_server_id"), "server_fault", ["server_id"])


def _create_server_metadata() -> None:
    op.create_table(
        "server_metadata",
        sa.Column("server_id", Uuid36, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("value", Name, nullable=False),
        sa.PrimaryKeyConstraint("server_id", "key", name=op.f("pk_server_metadata")),
        sa.ForeignKeyConstraint(
            ["server_id"], ["server.id"], name=op.f("fk_server_metadata_server_id"), ondelete="CASCADE"
        ),
        **MARIADB,
    )


def _create_server_action_event() -> None:
    op.create_table(
        "server_action_event",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("action_number", BigId, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("host", Name),
        sa.Column("result", sa.String(16)),
        sa.Column("details", LongText),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("finished_at", Moment),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_server_action_event")),
        sa.ForeignKeyConstraint(
            ["action_number"],
            ["server_action.number"],
            name=op.f("fk_server_action_event_action_number"),
            ondelete="CASCADE",
        ),
        **MARIADB,
    )
    op.create_index(op.f("ix_server_action_event_action_number"), "server_action_event", ["action_number"])


def _create_notification() -> None:
    op.create_table(
        "notification",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("message_id", Uuid36, nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("event_type", Name, nullable=False),
        sa.Column("publisher", Name, nullable=False),
        sa.Column("priority", sa.String(8), nullable=False),
        sa.Column("payload", LongText, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notification")),
        **MARIADB,
    )
