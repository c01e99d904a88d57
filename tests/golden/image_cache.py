"""The image service's cache, with a private image for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.image.api.cache_routes import CACHE_ROWS
from pileus.image.service import new_backend, new_caching, new_service, new_stores
from pileus.image.settings import Settings, StoreSettings
from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from tests.golden.image import Callers, Samples
from tests.golden.matrix import Subject

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.kit.db import Database
    from pileus.kit.http.threads import Threads


def subject(database: Database, threads: Threads, folder: Path) -> Subject:
    """Return image with its cache. No image in it can be copied, which only those learn who may queue one."""
    callers = Callers()
    settings = Settings(flavor="keystone+cachemanagement", stores={"local": StoreSettings(kind="memory")})
    stores = new_stores(settings, folder)
    caching = new_caching(settings, stores, folder)
    backend = new_backend(settings, database, SystemClock(), threads, stores, caching=caching)
    return Subject(
        app=App(new_service(backend, callers)),
        rows=CACHE_ROWS,
        personas={"anonymous": {}, **{name: {"x-auth-token": name} for name in callers.contexts}},
        sample=Samples(backend, "private"),
        is_body_after_policy=True,
    )
