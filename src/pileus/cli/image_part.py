"""The image service's database and stores, as a command works with them while the service may run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pileus.cli.options import state_of
from pileus.cli.settings import settings_of
from pileus.image.model.upload import STAGING
from pileus.image.operations.store import heed
from pileus.image.service import new_cache, new_staging, new_stores
from pileus.image.settings import Settings
from pileus.image.stores.cache import Cache
from pileus.image.stores.store import Store
from pileus.kit.db import Database
from pileus.wiring.database import migrations_of, new_database


@dataclass(frozen=True, slots=True)
class Part:
    """What there is of the image service outside of its process: so no store in memory."""

    settings: Settings
    database: Database
    stores: Mapping[str, Store]  # and the staging area
    cache: Cache | None  # of this host


@contextmanager
def open_part(state_path: Path | None, settings_path: Path | None) -> Iterator[Part]:
    """Open the database and the stores of a state directory. Raises SchemaDiffers."""
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path)
    with closing(new_database(settings, state, "image")) as database:
        migrations_of("image").require_newest(database)
        stores = {**new_stores(settings.image, state.path), STAGING: new_staging(settings.image, state.path)}
        heed(database, stores)
        lasting = {name: store for name, store in stores.items() if store.kind != "memory"}
        yield Part(settings.image, database, lasting, new_cache(settings.image, state.path))
