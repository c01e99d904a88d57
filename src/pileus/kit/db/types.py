"""Column types that mean the same on every database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, MetaData, String, Text
from sqlalchemy.dialects import mysql

Moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
"""A naive time in UTC, to the microsecond."""

BigId = BigInteger().with_variant(Integer, "sqlite")
"""An auto-increment key; SQLite counts up only a plain INTEGER."""

LongText = Text().with_variant(mysql.LONGTEXT, "mysql", "mariadb")
"""Text without a bound, such as a JSON document."""

Uuid36 = String(36)
"""A UUID with dashes."""

HexId = String(64)
"""An identity resource's id."""

Name = String(255)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Return a service's empty catalogue of tables, with predictable names of constraints."""
    return MetaData(naming_convention=NAMING)


MARIADB: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
"""Table options: names differ by case and accent on MariaDB as they do on the others."""
