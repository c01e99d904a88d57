"""Compute's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from pileus.kit.db.types import MARIADB, BigId, HexId, LongText, Moment, Name, Uuid36, new_metadata
from pileus.kit.lease import lease_table
from pileus.kit.workflow import workflow_tables

METADATA = new_metadata()

FLAVOR = Table(
    "flavor",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("id", Name, nullable=False, unique=True),
    Column("name", Name, nullable=False, unique=True),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("root_gb", Integer, nullable=False),
    Column("ephemeral_gb", Integer, nullable=False),
    Column("swap_mb", Integer, nullable=False),
    Column("rxtx_factor", Float, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("description", LongText),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    **MARIADB,
)

FLAVOR_EXTRA_SPEC = Table(
    "flavor_extra_spec",
    METADATA,
    Column("flavor_number", BigId, ForeignKey("flavor.number", ondelete="CASCADE"), primary_key=True),
    Column("key", Name, primary_key=True),
    Column("value", LongText, nullable=False),
    **MARIADB,
)

FLAVOR_ACCESS = Table(
    "flavor_access",
    METADATA,
    Column("flavor_number", BigId, ForeignKey("flavor.number", ondelete="CASCADE"), primary_key=True),
    Column("project_id", HexId, primary_key=True),
    **MARIADB,
)

KEYPAIR = Table(
    "keypair",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("user_id", HexId, nullable=False),
    Column("name", Name, nullable=False),
    Column("type", String(16), nullable=False),
    Column("fingerprint", Name, nullable=False),
    Column("public_key", LongText, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("user_id", "name"),
    **MARIADB,
)

SERVER = Table(
    "server",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),  # the order of arrival
    Column("id", Uuid36, nullable=False, unique=True),
    Column("project_id", HexId, nullable=False),
    Column("user_id", HexId, nullable=False),
    Column("name", Name, nullable=False),
    Column("hostname", Name, nullable=False),
    Column("vm_state", String(32), nullable=False),
    Column("task_state", String(64)),
    Column("power_state", Integer, nullable=False),
    Column("host", Name),
    Column("node", Name),
    Column("availability_zone", Name),
    Column("reservation_id", String(64), nullable=False),
    Column("launch_index", Integer, nullable=False),
    # What SQL counts and looks for of the flavor; the whole copy is the JSON document beside it.
    Column("flavor_id", Name, nullable=False),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("disk_gb", Integer, nullable=False),
    Column("flavor", LongText, nullable=False),
    Column("image_id", Name),
    Column("image", LongText),
    Column("key_name", Name),
    Column("public_key", LongText),
    Column("user_data", LongText),
    Column("has_config_drive", Boolean, nullable=False),
    Column("is_disk_config_auto", Boolean, nullable=False),
    Column("access_ip_v4", String(64), nullable=False),
    Column("access_ip_v6", String(64), nullable=False),
    Column("root_device_name", Name),
    Column("description", LongText),
    Column("locked_by", String(16)),  # owner or admin; empty: not locked
    Column("locked_reason", Name),
    # Where its owner's administrator wants it; `is_host_forced`: whatever the filters say.
    Column("requested_host", Name),
    Column("requested_node", Name),
    Column("is_host_forced", Boolean, nullable=False),
    # JSON documents, empty where there is nothing to say.
    Column("hints", LongText),
    Column("block_devices", LongText),
    Column("personality", LongText),
    Column("trusted_certificates", LongText),
    Column("encrypted_password", LongText),  # with the owner's public key; base64
    Column("old_flavor", LongText),  # while a resize can be reverted
    Column("old_block_devices", LongText),
    Column("old_vm_state", String(32)),  # to go back to, of a server that was moved
    Column("shelved_image_id", Uuid36),
    Column("shelved_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Column("launched_at", Moment),
    Column("terminated_at", Moment),
    Column("deleted_at", Moment),  # kept until `database purge`
    # In the order of a list, so that a page is read and nothing is sorted.
    Index("ix_server_project_id_deleted_at", "project_id", "deleted_at", "created_at", "number"),
    Index("ix_server_usage", "project_id", "deleted_at", "user_id", "vcpus", "memory_mb"),  # all that quotas count
    Index("ix_server_host_deleted_at", "host", "deleted_at"),
    Index("ix_server_deleted_at", "deleted_at", "created_at", "number"),
    Index("ix_server_reservation_id", "reservation_id"),
    Index("ix_server_updated_at", "updated_at"),  # what the scheduler has not seen yet
    **MARIADB,
)

SERVER_METADATA = Table(
    "server_metadata",
    METADATA,
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Name, primary_key=True),
    Column("value", Name, nullable=False),
    **MARIADB,
)

SERVER_TAG = Table(
    "server_tag",
    METADATA,
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(60), primary_key=True),
    Index("ix_server_tag_tag", "tag"),
    **MARIADB,
)

SERVER_GROUP = Table(
    "server_group",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),  # the order of arrival
    Column("id", Uuid36, nullable=False, unique=True),
    Column("project_id", HexId, nullable=False),
    Column("user_id", HexId, nullable=False),
    Column("name", Name, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("max_server_per_host", Integer),  # of anti-affinity; empty: one
    Column("created_at", Moment, nullable=False),
    Index("ix_server_group_project_id", "project_id"),
    **MARIADB,
)

SERVER_GROUP_MEMBER = Table(
    "server_group_member",
    METADATA,
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), primary_key=True),  # in one group at most
    Column("group_id", Uuid36, ForeignKey("server_group.id", ondelete="CASCADE"), nullable=False),
    Column("claimed_host", Name),  # of a member that is on its way to its first host
    Index("ix_server_group_member_group_id", "group_id"),
    **MARIADB,
)

MIGRATION = Table(
    "migration",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("uuid", Uuid36, nullable=False, unique=True),
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", HexId),
    Column("project_id", HexId),
    Column("type", String(32), nullable=False),  # migration, resize, live-migration or evacuation
    Column("status", String(64), nullable=False),
    Column("source_host", Name),
    Column("source_node", Name),
    Column("dest_host", Name),
    Column("dest_node", Name),
    Column("dest_address", Name),
    Column("old_flavor_number", BigId),
    Column("new_flavor_number", BigId),
    # How far a live migration has come; empty for the others.
    Column("memory_total_bytes", BigInteger),
    Column("memory_processed_bytes", BigInteger),
    Column("disk_total_bytes", BigInteger),
    Column("disk_processed_bytes", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Index("ix_migration_server_id", "server_id"),
    Index("ix_migration_status", "status"),
    **MARIADB,
)

HELD_TOPOLOGY = Table(
    "held_topology",
    METADATA,
    Column("holder", Uuid36, primary_key=True),  # a server or a migration, as of allocations in placement
    Column("host", Name),
    Column("topology", LongText),  # empty: of a migration whose server held nothing
    Index("ix_held_topology_host", "host"),
    **MARIADB,
)
"""Who has parts of a host's machine for itself: CPUs, memory of a NUMA cell."""

CONSOLE_TOKEN = Table(
    "console_token",
    METADATA,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of what the user holds
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), nullable=False),
    Column("console_type", String(16), nullable=False),
    Column("host", Name, nullable=False),  # where the console listens
    Column("port", Integer, nullable=False),
    Column("tls_port", Integer),
    Column("internal_access_path", Name),
    Column("expires_at", Moment, nullable=False),
    Index("ix_console_token_expires_at", "expires_at"),
    **MARIADB,
)

SERVER_FAULT = Table(
    "server_fault",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), nullable=False),
    Column("code", Integer, nullable=False),
    Column("message", LongText, nullable=False),
    Column("details", LongText, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_server_fault_server_id", "server_id"),
    **MARIADB,
)

SERVER_ACTION = Table(
    "server_action",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("server_id", Uuid36, ForeignKey("server.id", ondelete="CASCADE"), nullable=False),
    Column("action", String(64), nullable=False),
    Column("request_id", Name, nullable=False),
    Column("user_id", HexId, nullable=False),
    Column("project_id", HexId, nullable=False),
    Column("message", LongText),
    Column("started_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("workflow_id", Uuid36),  # that does it; empty: it was done at once
    Column("progress", LongText),  # JSON: how far the step is that this workflow is at
    Index("ix_server_action_server_id", "server_id"),
    Index("ix_server_action_finished_at", "finished_at"),
    **MARIADB,
)

SERVER_ACTION_EVENT = Table(
    "server_action_event",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("action_number", BigId, ForeignKey("server_action.number", ondelete="CASCADE"), nullable=False),
    Column("event", String(64), nullable=False),
    Column("host", Name),
    Column("result", String(16)),  # Success or Error; empty while it lasts
    Column("details", LongText),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("ix_server_action_event_action_number", "action_number"),
    **MARIADB,
)

SERVICE = Table(
    "service",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("uuid", Uuid36, nullable=False, unique=True),
    Column("host", Name, nullable=False),
    Column("binary", String(64), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("disabled_reason", Name),
    Column("is_forced_down", Boolean, nullable=False),
    Column("last_seen_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    UniqueConstraint("host", "binary"),
    **MARIADB,
)

HYPERVISOR = Table(
    "hypervisor",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("uuid", Uuid36, nullable=False, unique=True),  # the resource provider in placement
    Column("host", Name, nullable=False, unique=True),
    Column("hostname", Name, nullable=False),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("local_gb", Integer, nullable=False),
    Column("disk_available_gb", Integer, nullable=False),
    Column("hypervisor_type", String(64), nullable=False),
    Column("hypervisor_version", Integer, nullable=False),
    Column("cpu_info", LongText, nullable=False),
    Column("traits", LongText, nullable=False),
    Column("address", Name, nullable=False),
    Column("topology", LongText, nullable=False),
    Column("metrics", LongText, nullable=False),
    Column("uptime", Name, nullable=False),
    Column("failed_builds", Integer, nullable=False),  # since the last that went well
    Column("generation", BigInteger, nullable=False),  # of the fleet, when this host changed
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_hypervisor_generation", "generation"),
    **MARIADB,
)

FLEET = Table(
    "fleet",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),  # there is one
    Column("generation", BigInteger, nullable=False),  # counts what the scheduler must know of hosts
    Column("gone_generation", BigInteger, nullable=False),  # when a host went
    **MARIADB,
)

AGGREGATE = Table(
    "aggregate",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("uuid", Uuid36, nullable=False, unique=True),
    Column("name", Name, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    **MARIADB,
)

AGGREGATE_HOST = Table(
    "aggregate_host",
    METADATA,
    Column("aggregate_number", BigId, ForeignKey("aggregate.number", ondelete="CASCADE"), primary_key=True),
    Column("host", Name, primary_key=True),
    **MARIADB,
)

AGGREGATE_METADATA = Table(
    "aggregate_metadata",
    METADATA,
    Column("aggregate_number", BigId, ForeignKey("aggregate.number", ondelete="CASCADE"), primary_key=True),
    Column("key", Name, primary_key=True),
    Column("value", Name, nullable=False),
    **MARIADB,
)

QUOTA = Table(
    "quota",
    METADATA,
    Column("project_id", HexId, primary_key=True),
    Column("user_id", HexId, primary_key=True),  # empty: of the project as a whole
    Column("resource", String(64), primary_key=True),
    Column("maximum", Integer, nullable=False),  # -1: as much as there is
    **MARIADB,
)

QUOTA_CLASS = Table(
    "quota_class",
    METADATA,
    Column("name", Name, primary_key=True),  # `default` is what projects get that have no quota of their own
    Column("resource", String(64), primary_key=True),
    Column("maximum", Integer, nullable=False),
    **MARIADB,
)

QUOTA_GUARD = Table(
    "quota_guard",
    METADATA,
    Column("owner", Name, primary_key=True),  # whose use is counted: `project:ID` or `user:ID`
    Column("turn", Integer, nullable=False),
    **MARIADB,
)

NOTIFICATION = Table(
    "notification",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("message_id", Uuid36, nullable=False),
    Column("format", String(16), nullable=False),  # versioned or unversioned
    Column("event_type", Name, nullable=False),
    Column("publisher", Name, nullable=False),
    Column("priority", String(8), nullable=False),
    Column("payload", LongText, nullable=False),
    Column("created_at", Moment, nullable=False),
    **MARIADB,
)
"""What is still to be told; whoever has told it removes the row."""

WORKFLOW, WORKFLOW_STEP = workflow_tables(METADATA)
LEASE = lease_table(METADATA)
