"""`pileus image metadefs`: whole catalogues of metadata definitions, from and to a directory of JSON files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.image.db import metadef_namespace as namespaces
from pileus.image.db import metadef_part as parts
from pileus.image.formats import metadef
from pileus.image.model.metadef_errors import WayUnclear
from pileus.image.operations import metadef_catalogue as catalogues
from pileus.image.operations.metadef_catalogue import Way
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.wiring.database import migrations_of, new_database


@click.group("metadefs")
def command() -> None:
    """Load, unload or export metadata definitions. The service may run meanwhile."""


@command.command()
@click.argument("path", metavar="[DIR]", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--merge", is_flag=True, help="Add to namespaces that are there already what they lack.")
@click.option("--prefer-new", is_flag=True, help="With --merge: where both say something, the files are right.")
@click.option("--overwrite", is_flag=True, help="With --merge: make such namespaces what the files say, no more.")
@state_option
@settings_option
def load(
    path: Path | None,
    merge: bool,
    prefer_new: bool,
    overwrite: bool,
    state_path: Path | None,
    settings_path: Path | None,
) -> None:
    """Load the definitions in DIR/*.json, or in one file; without DIR those that come with Pileus.

    A namespace that is there already is left as it is, unless --merge says otherwise. All files are loaded, or none.
    """
    way = _way(merge=merge, prefer_new=prefer_new, overwrite=overwrite)
    catalogue = metadef.read(path or metadef.SHIPPED, SystemClock().now())
    with _open_database(state_path, settings_path) as database:
        for outcome in database.write(catalogues.load, catalogue, way):
            click.echo(f"{outcome.namespace}: {outcome.what}")


@command.command()
@state_option
@settings_option
def unload(state_path: Path | None, settings_path: Path | None) -> None:
    """Remove every namespace with all that it holds, protected ones and those that were made by API too."""
    with _open_database(state_path, settings_path) as database:
        click.echo(f"{database.write(catalogues.unload)} namespaces are removed")


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@state_option
@settings_option
def export(directory: Path, state_path: Path | None, settings_path: Path | None) -> None:
    """Write every namespace to a file in DIR, from where it can be loaded again."""
    with _open_database(state_path, settings_path) as database:
        with database.read() as tx:
            definitions = parts.with_parts(tx, namespaces.list_all(tx))
        for file in metadef.write(directory, definitions):
            click.echo(str(file))


def _way(*, merge: bool, prefer_new: bool, overwrite: bool) -> Way:
    """Return what to do with namespaces that are there. Raises WayUnclear."""
    if prefer_new and overwrite:
        raise WayUnclear("--prefer-new and --overwrite exclude each other")
    if (prefer_new or overwrite) and not merge:
        raise WayUnclear("--prefer-new and --overwrite need --merge")
    if prefer_new:
        return Way.PREFER_NEW
    if overwrite:
        return Way.OVERWRITE
    return Way.MERGE if merge else Way.SKIP


@contextmanager
def _open_database(state_path: Path | None, settings_path: Path | None) -> Iterator[Database]:
    state = state_of(state_path)
    state.prepare()
    with closing(new_database(settings_of(state, file=settings_path), state, "image")) as database:
        migrations_of("image").sync(database)
        yield database
