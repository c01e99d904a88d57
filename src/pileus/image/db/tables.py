"""The tables of the image database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from pileus.kit.db.types import MARIADB, LongText, Moment, Name, Uuid36, new_metadata
from pileus.kit.lease import lease_table

METADATA = new_metadata()

image = Table(
    "image",
    METADATA,
    Column("id", Uuid36, primary_key=True),
    Column("status", String(30), nullable=False),
    Column("name", Name),
    Column("visibility", String(9), nullable=False),
    Column("owner", Name),
    Column("disk_format", String(20)),
    Column("container_format", String(20)),
    Column("min_disk", Integer, nullable=False),  # GB
    Column("min_ram", Integer, nullable=False),  # MB
    Column("protected", Boolean, nullable=False),
    Column("os_hidden", Boolean, nullable=False),
    Column("size", BigInteger),  # bytes
    Column("virtual_size", BigInteger),  # bytes
    Column("checksum", String(32)),
    Column("os_hash_algo", String(64)),
    Column("os_hash_value", String(128)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),  # the row stays, so that its id is never given again
    Index(None, "owner"),
    Index(None, "visibility"),
    Index(None, "created_at"),
    Index(None, "os_hash_value"),
    **MARIADB,
)


def _of_image(*, is_key: bool = True) -> Column[str]:
    return Column("image_id", Uuid36, ForeignKey("image.id"), primary_key=is_key, nullable=False)


image_property = Table(
    "image_property",
    METADATA,
    _of_image(),
    Column("name", Name, primary_key=True),
    Column("value", LongText, nullable=False),
    **MARIADB,
)

image_tag = Table(
    "image_tag",
    METADATA,
    _of_image(),
    Column("value", Name, primary_key=True),
    **MARIADB,
)

image_member = Table(
    "image_member",
    METADATA,
    _of_image(),
    Column("member_id", Name, primary_key=True),  # a project
    Column("status", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "member_id"),
    **MARIADB,
)

image_location = Table(
    "image_location",
    METADATA,
    _of_image(),
    Column("store", String(64), primary_key=True),
    Column("object_key", Name, nullable=False),
    **MARIADB,
)

upload = Table(
    "upload",
    METADATA,
    Column("id", Uuid36, primary_key=True),
    _of_image(is_key=False),
    Column("store", String(64), nullable=False),
    Column("object_key", Name, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("owner", Name, nullable=False),
    Index("uq_upload_image_id", "image_id", unique=True),
    **MARIADB,
)

discarded = Table(
    "discarded",
    METADATA,
    Column("store", String(64), primary_key=True),
    Column("object_key", Name, primary_key=True),
    **MARIADB,
)

LEASE = lease_table(METADATA)
