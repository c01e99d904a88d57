"""The image service, put together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pileus.image.api.routes import ROUTES
from pileus.image.backend import Backend, Timing
from pileus.image.db import tables
from pileus.image.loops.repair import Repair
from pileus.image.model.image import Limits
from pileus.image.policy import DEFAULTS, REFUSAL
from pileus.image.settings import Settings, StoreSettings
from pileus.image.stores.filesystem import FilesystemStore
from pileus.image.stores.memory import MemoryStore
from pileus.image.stores.store import Store
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.db.migration import Migrations
from pileus.kit.errors import Invalid
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.auth import Authenticator
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop
from pileus.kit.policy import Policy

MIGRATIONS = Migrations("image", Path(__file__).parent / "db" / "migrations", tables.METADATA)
REPAIR_PERIOD_S = 20


class StoreSettingsInvalid(Invalid):
    """The settings of the stores make no sense."""


def new_stores(settings: Settings, state: Path) -> dict[str, Store]:
    """Open the stores; `state` is the folder in which they are by default. Raises StoreSettingsInvalid."""
    return {name: _new_store(name, store, state) for name, store in settings.stores.items()}


def _new_store(name: str, settings: StoreSettings, state: Path) -> Store:
    if settings.kind == "file":
        folder = Path(settings.directory) if settings.directory else state / "images" / name
        return FilesystemStore(name, folder)
    if settings.kind == "memory":
        return MemoryStore(name)
    raise StoreSettingsInvalid(f"image.stores.{name}.kind is '{settings.kind}'; known are: file, memory")


def new_backend(
    settings: Settings,
    database: Database,
    clock: Clock,
    threads: Threads,
    stores: Mapping[str, Store],
    *,
    owner: str = "",
) -> Backend:
    """Put together what the handlers work with. Raises StoreSettingsInvalid."""
    default = settings.default_store or next(iter(stores), "")
    if default not in stores:
        raise StoreSettingsInvalid(f"image.default_store is '{default}', and there is no such store")
    limits = settings.limits
    return Backend(
        database=database,
        clock=clock,
        stores=stores,
        default_store=default,
        threads=threads,
        owner=owner,
        limits=Limits(
            properties=limits.properties,
            tags=limits.tags,
            members=limits.members,
            size_bytes=limits.size_gb * 2**30,
        ),
        timing=Timing(upload_lease_s=settings.upload_lease_s, stall_s=settings.stall_s),
    )


def new_service(backend: Backend, authenticator: Authenticator, *, policy_file: Path | None = None) -> Service[Backend]:
    """Return the service, ready for an `App`."""
    return Service(
        name="image",
        state=backend,
        routes=ROUTES,
        dialect=dialects.image,
        authenticator=authenticator,
        policy=Policy(DEFAULTS, file=policy_file, refusal=REFUSAL),
        ready=lambda: _problems(backend),
    )


def new_loops(backend: Backend, leases: Leases) -> list[Loop]:
    """Return the loops that go with the service."""
    repair = Repair(backend.database, backend.stores, backend.clock)
    return [Loop("image-repair", repair.round, REPAIR_PERIOD_S, leases)]


def _problems(backend: Backend) -> dict[str, str]:
    parts = {"database": backend.database.ping()}
    parts |= {f"store {name}": store.problem() for name, store in backend.stores.items()}
    return {part: problem for part, problem in parts.items() if problem is not None}
