"""The first schema."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from pileus.kit.db.types import MARIADB, BigId, LongText, Moment, Name, Uuid36

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _image()
    _parts()
    _bytes()
    _imports()
    _workflow()
    _metadefs()
    op.create_table(
        "lease",
        Column("name", String(64), nullable=False),
        Column("owner", Name, nullable=False),
        Column("expires_at", Moment, nullable=False),
        PrimaryKeyConstraint("name", name="pk_lease"),
        **MARIADB,
    )


def _image() -> None:
    op.create_table(
        "image",
        Column("id", Uuid36, nullable=False),
        Column("status", String(30), nullable=False),
        Column("name", Name),
        Column("visibility", String(9), nullable=False),
        Column("owner", Name),
        Column("disk_format", String(20)),
        Column("container_format", String(20)),
        Column("min_disk", Integer, nullable=False),
        Column("min_ram", Integer, nullable=False),
        Column("protected", Boolean, nullable=False),
        Column("os_hidden", Boolean, nullable=False),
        Column("size", BigInteger),
        Column("virtual_size", BigInteger),
        Column("checksum", String(32)),
        Column("os_hash_algo", String(64)),
        Column("os_hash_value", String(128)),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        Column("name_key", Name, nullable=False),
        Column("size_key", BigInteger, nullable=False),
        Column("disk_format_key", String(20), nullable=False),
        Column("container_format_key", String(20), nullable=False),
        PrimaryKeyConstraint("id", name="pk_image"),
        **MARIADB,
    )
    op.create_index("ix_image_created_at_id", "image", ["created_at", "id"])
    for name in ("owner", "visibility", "os_hash_value", "updated_at", "status"):
        op.create_index(f"ix_image_{name}_created_at_id", "image", [name, "created_at", "id"])
    for name in ("name_key", "size_key", "disk_format_key", "container_format_key"):
        op.create_index(f"ix_image_{name}_created_at_id", "image", [name, "created_at", "id"])
    op.create_table(
        "deleted_image",
        Column("id", Uuid36, nullable=False),
        Column("deleted_at", Moment, nullable=False),
        PrimaryKeyConstraint("id", name="pk_deleted_image"),
        **MARIADB,
    )


def _parts() -> None:
    op.create_table(
        "image_property",
        Column("image_id", Uuid36, nullable=False),
        Column("name", Name, nullable=False),
        Column("value", LongText, nullable=False),
        Column("value_key", String(64), nullable=False),
        PrimaryKeyConstraint("image_id", "name", name="pk_image_property"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_property_image_id"),
        **MARIADB,
    )
    columns = ["name", "value_key", "image_id"]
    op.create_index("ix_image_property_name_value_key_image_id", "image_property", columns)
    op.create_table(
        "image_tag",
        Column("image_id", Uuid36, nullable=False),
        Column("value", Name, nullable=False),
        PrimaryKeyConstraint("image_id", "value", name="pk_image_tag"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_tag_image_id"),
        **MARIADB,
    )
    op.create_index("ix_image_tag_value_image_id", "image_tag", ["value", "image_id"])
    op.create_table(
        "image_member",
        Column("image_id", Uuid36, nullable=False),
        Column("member_id", Name, nullable=False),
        Column("status", String(20), nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        PrimaryKeyConstraint("image_id", "member_id", name="pk_image_member"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_member_image_id"),
        **MARIADB,
    )
    columns = ["member_id", "status", "image_id"]
    op.create_index("ix_image_member_member_id_status_image_id", "image_member", columns)


def _bytes() -> None:
    op.create_table(
        "image_location",
        Column("image_id", Uuid36, nullable=False),
        Column("number", Integer, nullable=False, autoincrement=False),
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        Column("status", String(20), nullable=False),
        Column("metadata", LongText, nullable=False),
        PrimaryKeyConstraint("image_id", "number", name="pk_image_location"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_location_image_id"),
        **MARIADB,
    )
    columns = ["store", "object_key", "image_id"]
    op.create_index("uq_image_location_store_object_key_image_id", "image_location", columns, unique=True)
    op.create_table(
        "upload",
        Column("id", Uuid36, nullable=False),
        Column("image_id", Uuid36, nullable=False),
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        Column("expires_at", Moment, nullable=False),
        Column("owner", Name, nullable=False),
        Column("reserved_bytes", BigInteger, nullable=False),
        Column("purpose", String(8), nullable=False),
        PrimaryKeyConstraint("id", name="pk_upload"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_upload_image_id"),
        **MARIADB,
    )
    op.create_index("uq_upload_image_id_store", "upload", ["image_id", "store"], unique=True)
    op.create_table(
        "quota_owner",
        Column("owner", Name, nullable=False),
        PrimaryKeyConstraint("owner", name="pk_quota_owner"),
        **MARIADB,
    )
    op.create_table(
        "claimed_store",
        Column("store", String(64), nullable=False),
        PrimaryKeyConstraint("store", name="pk_claimed_store"),
        **MARIADB,
    )
    op.create_table(
        "pending_delete",
        Column("image_id", Uuid36, nullable=False),
        Column("deleted_at", Moment, nullable=False),
        Column("status", String(30), nullable=False),
        PrimaryKeyConstraint("image_id", name="pk_pending_delete"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_pending_delete_image_id"),
        **MARIADB,
    )
    op.create_index("ix_pending_delete_deleted_at", "pending_delete", ["deleted_at"])
    op.create_table(
        "discarded",
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        PrimaryKeyConstraint("store", "object_key", name="pk_discarded"),
        **MARIADB,
    )


def _imports() -> None:
    op.create_table(
        "task",
        Column("id", Uuid36, nullable=False),
        Column("type", String(30), nullable=False),
        Column("status", String(30), nullable=False),
        Column("owner", Name),
        Column("input", LongText, nullable=False),
        Column("result", LongText),
        Column("message", LongText, nullable=False),
        Column("image_id", Uuid36),
        Column("user_id", Name),
        Column("request_id", Name),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        Column("expires_at", Moment),
        PrimaryKeyConstraint("id", name="pk_task"),
        **MARIADB,
    )
    op.create_index("ix_task_image_id", "task", ["image_id"])
    op.create_index("ix_task_created_at_id", "task", ["created_at", "id"])
    op.create_index("ix_task_expires_at", "task", ["expires_at"])
    op.create_table(
        "staged",
        Column("image_id", Uuid36, nullable=False),
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("form", Integer, nullable=False),
        PrimaryKeyConstraint("image_id", name="pk_staged"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_staged_image_id"),
        **MARIADB,
    )


def _workflow() -> None:
    op.create_table(
        "workflow",
        Column("number", BigId, nullable=False, autoincrement=True),
        Column("id", Uuid36, nullable=False),
        Column("kind", String(64), nullable=False),
        Column("subject", Name, nullable=False),
        Column("arguments", LongText, nullable=False),
        Column("state", String(8), nullable=False),
        Column("position", Integer, nullable=False),
        Column("is_cancelled", Boolean, nullable=False),
        Column("answer", LongText),
        Column("reason", LongText, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("wake_at", Moment, nullable=False),
        Column("lease_owner", Name),
        Column("lease_until", Moment),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        PrimaryKeyConstraint("number", name="pk_workflow"),
        UniqueConstraint("id", name="uq_workflow_id"),
        **MARIADB,
    )
    op.create_index("ix_workflow_state_wake_at", "workflow", ["state", "wake_at"])
    op.create_index("ix_workflow_subject_state", "workflow", ["subject", "state"])
    op.create_table(
        "workflow_step",
        Column("workflow_id", Uuid36, nullable=False),
        Column("name", String(64), nullable=False),
        Column("result", LongText, nullable=False),
        Column("finished_at", Moment, nullable=False),
        PrimaryKeyConstraint("workflow_id", "name", name="pk_workflow_step"),
        **MARIADB,
    )


def _metadefs() -> None:
    op.create_table(
        "metadef_namespace",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("namespace", String(80), nullable=False),
        Column("display_name", String(80)),
        Column("description", LongText),
        Column("visibility", String(9), nullable=False),
        Column("protected", Boolean, nullable=False),
        Column("owner", Name, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        PrimaryKeyConstraint("id", name="pk_metadef_namespace"),
        **MARIADB,
    )
    op.create_index("uq_metadef_namespace_namespace", "metadef_namespace", ["namespace"], unique=True)
    op.create_index("ix_metadef_namespace_owner", "metadef_namespace", ["owner"])
    op.create_table(
        "metadef_resource_type",
        Column("name", String(80), nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        PrimaryKeyConstraint("name", name="pk_metadef_resource_type"),
        **MARIADB,
    )
    _metadef_part(
        "association",
        Column("prefix", String(80)),
        Column("properties_target", String(80)),
        ForeignKeyConstraint(["name"], ["metadef_resource_type.name"], name="fk_metadef_association_name"),
    )
    _metadef_part("property", Column("document", LongText, nullable=False))
    _metadef_part(
        "object",
        Column("description", LongText),
        Column("required", LongText, nullable=False),
        Column("properties", LongText, nullable=False),
    )
    _metadef_part("tag")


def _metadef_part(kind: str, *columns: SchemaItem) -> None:
    table = f"metadef_{kind}"
    op.create_table(
        table,
        Column("namespace_id", BigId, nullable=False),
        Column("name", String(80), nullable=False),
        *columns,
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        PrimaryKeyConstraint("namespace_id", "name", name=f"pk_{table}"),
        ForeignKeyConstraint(
            ["namespace_id"], ["metadef_namespace.id"], name=f"fk_{table}_namespace_id", ondelete="CASCADE"
        ),
        **MARIADB,
    )
