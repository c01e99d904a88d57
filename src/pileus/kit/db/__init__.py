"""A service's database: transactions over SQLAlchemy Core, on SQLite, PostgreSQL and MariaDB alike."""

from pileus.kit.db.database import Database
from pileus.kit.db.transaction import Row, Transaction

__all__ = ["Database", "Row", "Transaction"]
