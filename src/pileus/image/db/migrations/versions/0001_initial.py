"""The first schema."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, String

from pileus.kit.db.types import MARIADB, LongText, Moment, Name, Uuid36

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _image()
    _parts()
    _bytes()
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
        Column("deleted_at", Moment),
        PrimaryKeyConstraint("id", name="pk_image"),
        **MARIADB,
    )
    for name in ("owner", "visibility", "created_at", "os_hash_value"):
        op.create_index(f"ix_image_{name}", "image", [name])


def _parts() -> None:
    op.create_table(
        "image_property",
        Column("image_id", Uuid36, nullable=False),
        Column("name", Name, nullable=False),
        Column("value", LongText, nullable=False),
        PrimaryKeyConstraint("image_id", "name", name="pk_image_property"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_property_image_id"),
        **MARIADB,
    )
    op.create_table(
        "image_tag",
        Column("image_id", Uuid36, nullable=False),
        Column("value", Name, nullable=False),
        PrimaryKeyConstraint("image_id", "value", name="pk_image_tag"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_tag_image_id"),
        **MARIADB,
    )
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
    op.create_index("ix_image_member_member_id", "image_member", ["member_id"])


def _bytes() -> None:
    op.create_table(
        "image_location",
        Column("image_id", Uuid36, nullable=False),
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        PrimaryKeyConstraint("image_id", "store", name="pk_image_location"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_image_location_image_id"),
        **MARIADB,
    )
    op.create_table(
        "upload",
        Column("id", Uuid36, nullable=False),
        Column("image_id", Uuid36, nullable=False),
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        Column("expires_at", Moment, nullable=False),
        Column("owner", Name, nullable=False),
        PrimaryKeyConstraint("id", name="pk_upload"),
        ForeignKeyConstraint(["image_id"], ["image.id"], name="fk_upload_image_id"),
        **MARIADB,
    )
    op.create_index("uq_upload_image_id", "upload", ["image_id"], unique=True)
    op.create_table(
        "discarded",
        Column("store", String(64), nullable=False),
        Column("object_key", Name, nullable=False),
        PrimaryKeyConstraint("store", "object_key", name="pk_discarded"),
        **MARIADB,
    )
