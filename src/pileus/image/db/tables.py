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
    # What lists are sorted by: the column of this name, with '' or 0 where nothing is set.
    Column("name_key", Name, nullable=False),
    Column("size_key", BigInteger, nullable=False),
    Column("disk_format_key", String(20), nullable=False),
    Column("container_format_key", String(20), nullable=False),
    # Each ends with what makes it an order of all images; and so it alone yields ids, without a look at the rows.
    Index(None, "created_at", "id"),
    Index(None, "owner", "created_at", "id"),
    Index(None, "visibility", "created_at", "id"),
    Index(None, "os_hash_value", "created_at", "id"),
    Index(None, "updated_at", "created_at", "id"),
    Index(None, "status", "created_at", "id"),
    Index(None, "name_key", "created_at", "id"),
    Index(None, "size_key", "created_at", "id"),
    Index(None, "disk_format_key", "created_at", "id"),
    Index(None, "container_format_key", "created_at", "id"),
    **MARIADB,
)

deleted_image = Table(
    "deleted_image",
    METADATA,
    Column("id", Uuid36, primary_key=True),  # never given again
    Column("deleted_at", Moment, nullable=False),
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
    Column("value_key", String(64), nullable=False),  # how the value begins: what there is an index of
    Index(None, "name", "value_key", "image_id"),
    **MARIADB,
)

image_tag = Table(
    "image_tag",
    METADATA,
    _of_image(),
    Column("value", Name, primary_key=True),
    Index(None, "value", "image_id"),
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
    Index(None, "member_id", "status", "image_id"),
    **MARIADB,
)

image_location = Table(
    "image_location",
    METADATA,
    _of_image(),
    Column("number", Integer, primary_key=True, autoincrement=False),  # their order, which is that of trying them
    Column("store", String(64), nullable=False),
    Column("object_key", Name, nullable=False),  # in a store of what others keep: a URL
    Column("status", String(20), nullable=False),
    Column("metadata", LongText, nullable=False),  # what callers say of it, as JSON
    Index("uq_image_location_store_object_key_image_id", "store", "object_key", "image_id", unique=True),
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
    Column("reserved_bytes", BigInteger, nullable=False),  # of the quota of the image's owner
    Column("purpose", String(8), nullable=False),
    Index("uq_upload_image_id_store", "image_id", "store", unique=True),
    **MARIADB,
)

quota_owner = Table(
    "quota_owner",
    METADATA,
    Column("owner", Name, primary_key=True),  # a project; who counts what it holds has the row locked
    **MARIADB,
)

claimed_store = Table(
    "claimed_store",
    METADATA,
    Column("store", String(64), primary_key=True),  # one whose place was marked as its own
    **MARIADB,
)

pending_delete = Table(
    "pending_delete",
    METADATA,
    _of_image(),
    Column("deleted_at", Moment, nullable=False),
    Column("status", String(30), nullable=False),  # the image's before
    Index(None, "deleted_at"),
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
