"""`pileus image cache`: the copies of images that this host keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.table import Table

from pileus.cli.console import new_console
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.image.service import new_cache
from pileus.image.stores.cache import Cache
from pileus.kit.errors import Conflict


class CacheOff(Conflict):
    """There is nothing to look after."""

    message = "[image] flavor '{flavor}' has no cache; one with caching or cachemanagement has."


@click.group("cache")
def command() -> None:
    """Look after the copies of images that this host keeps. The service may run meanwhile, or not."""


def _with_cache(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a command the cache that its options `--state` and `--settings` name. Raises CacheOff."""

    @wraps(verb)
    def run(*, state_path: Path | None, settings_path: Path | None, **rest: Any) -> None:
        state = state_of(state_path)
        settings = settings_of(state, file=settings_path).image
        cache = new_cache(settings, state.path)
        if cache is None:
            raise CacheOff(flavor=settings.flavor)
        verb(cache, **rest)

    return settings_option(state_option(run))


@command.command("list")
@_with_cache
def list_copies(cache: Cache) -> None:
    """List the copies, and what is queued."""
    table = Table("Image", "State", "Size", "Hits", "Last used (UTC)", "Since (UTC)")
    for copy in cache.list_copies():
        moments = (_moment(copy.last_accessed), _moment(copy.last_modified))
        table.add_row(copy.image_id, "cached", str(copy.size), str(copy.hits), *moments)
    for image_id in cache.list_queued():
        table.add_row(image_id, "queued")
    new_console().print(table)


@command.command()
@click.argument("image_id", metavar="IMAGE", type=UUID)
@_with_cache
def queue(cache: Cache, image_id: UUID) -> None:
    """Have the service on this host fetch an image, within a minute."""
    cache.enqueue(str(image_id))
    click.echo(f"{image_id} is queued")


@command.command()
@click.argument("image_id", metavar="IMAGE", type=UUID)
@_with_cache
def delete(cache: Cache, image_id: UUID) -> None:
    """Take an image out of the cache and the queue."""
    count = cache.delete(str(image_id)) + cache.dequeue(str(image_id))
    click.echo(f"{image_id} is {'deleted' if count else 'not there'}")


@command.command()
@click.option("--target", type=click.Choice(["both", "cache", "queue"]), default="both", help="What to empty.")
@_with_cache
def clear(cache: Cache, target: str) -> None:
    """Delete all copies, and empty the queue."""
    if target != "queue":
        click.echo(f"{cache.clear()} copies are deleted")
    if target != "cache":
        click.echo(f"{cache.clear_queue()} images are taken out of the queue")


@command.command()
@_with_cache
def prune(cache: Cache) -> None:
    """Delete halves of copies that nobody brings any more, then what was not used for longest until the rest fits."""
    click.echo(f"{cache.clean()} unfinished copies are deleted")
    count, size = cache.prune()
    click.echo(f"{count} copies of {size} bytes are deleted")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
