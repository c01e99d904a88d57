"""The tables of imports: tasks, the workflows that they show, and bytes that are staged."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from pileus.image.db.tables import METADATA
from pileus.kit.db.types import MARIADB, LongText, Moment, Name, Uuid36
from pileus.kit.workflow import workflow_tables

task = Table(
    "task",
    METADATA,
    Column("id", Uuid36, primary_key=True),  # its workflow's too
    Column("type", String(30), nullable=False),
    Column("status", String(30), nullable=False),
    Column("owner", Name),
    Column("input", LongText, nullable=False),  # JSON
    Column("result", LongText),  # JSON
    Column("message", LongText, nullable=False),
    Column("image_id", Uuid36),  # which may be gone
    Column("user_id", Name),
    Column("request_id", Name),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Index(None, "image_id"),
    Index(None, "created_at", "id"),
    Index(None, "expires_at"),
    **MARIADB,
)

staged = Table(
    "staged",
    METADATA,
    Column("image_id", Uuid36, ForeignKey("image.id"), primary_key=True),
    Column("store", String(64), nullable=False),
    Column("object_key", Name, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes
    Column("form", Integer, nullable=False),
    **MARIADB,
)

WORKFLOW, WORKFLOW_STEP = workflow_tables(METADATA)
