"""The schema of a service's database, in dated steps (alembic)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text

from pileus.kit.db.database import Database
from pileus.kit.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_LOCK = 0x50494C45  # one number for PostgreSQL's advisory lock
MIGRATION_WAIT_S = 600  # for another process that is at it


class SchemaUnknown(Conflict):
    """The database was written by a newer release."""

    message = (
        "The {service} database is at schema version {current}, which this release does not know (it knows up to "
        "{newest}). Start the release that wrote it, or restore an older copy."
    )


class SchemaDiffers(Conflict):
    """The database is not of this release."""

    message = "The database of {service} is {found}, and this release needs {needed}: run `pileus database sync`."


class MigrationBusy(Conflict):
    """Another process is at it and does not come to an end."""

    message = "Another process has been bringing the database to a newer schema for more than {seconds} s."


@dataclass(frozen=True, slots=True)
class Migrations:
    """Where a service keeps its migrations, and what they shall lead to."""

    service: str
    folder: Path
    metadata: MetaData

    def newest(self) -> str:
        """Return the last version's name; file names sort in order."""
        return max(path.stem for path in (self.folder / "versions").glob("[0-9]*.py"))

    def current(self, database: Database) -> str | None:
        """Return the version a database is at, or None if it is empty."""
        with database.read() as tx:
            if not inspect(tx._connection).has_table("alembic_version"):  # noqa: SLF001 (the one that looks inside)
                return None
            value = tx.scalar(text("SELECT version_num FROM alembic_version"))
            return None if value is None else str(value)

    def require_newest(self, database: Database) -> None:
        """Raise SchemaDiffers unless a database is at the newest version."""
        found, needed = self.current(database), self.newest()
        if found != needed:
            raise SchemaDiffers(service=self.service, found=found or "empty", needed=needed)

    def sync(self, database: Database) -> bool:
        """Bring a database to the newest version, once, however many processes try. Return whether it was older.

        Raises SchemaUnknown, MigrationBusy.
        """
        if self.current(database) == self.newest():
            return False
        from alembic import command

        with database.engine.connect() as connection, _alone(connection):
            self._require_known(database)
            config = self.config(connection)
            command.upgrade(config, "head")
            connection.commit()
        return True

    def differences(self, database: Database) -> list[str]:
        """Return where a database differs from what the code expects."""
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [str(difference) for difference in compare_metadata(context, self.metadata)]

    def _require_known(self, database: Database) -> None:
        current = self.current(database)
        known = {path.stem for path in (self.folder / "versions").glob("[0-9]*.py")}
        if current is not None and current not in known:
            raise SchemaUnknown(service=self.service, current=current, newest=self.newest())

    def config(self, connection: Connection) -> Config:
        """Return alembic's view of this service, on a connection."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "environment"))
        config.set_main_option("version_locations", str(self.folder / "versions"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        config.attributes["metadata"] = self.metadata
        return config


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Keep other processes from migrating at the same time; SQLite's BEGIN IMMEDIATE does it by itself."""
    name = connection.dialect.name
    if name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        yield
    elif name in ("mysql", "mariadb"):
        lock = {"name": f"pileus-{connection.engine.url.database}"[:64]}  # such a name holds for the whole server
        if connection.execute(text(f"SELECT GET_LOCK(:name, {MIGRATION_WAIT_S})"), lock).scalar() != 1:
            raise MigrationBusy(seconds=MIGRATION_WAIT_S)
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), lock)
    else:
        with connection.begin():
            yield
