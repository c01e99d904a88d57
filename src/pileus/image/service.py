"""The image service, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from pileus.clients.limit import UnifiedLimits
from pileus.clients.transport import Transport
from pileus.image import schema
from pileus.image.api.routes import ROUTES
from pileus.image.api.screen import screen
from pileus.image.backend import Backend, Importing, QuotaOf, Timing
from pileus.image.db import import_tables, tables
from pileus.image.formats import certificate
from pileus.image.formats.certificate import Certificates
from pileus.image.formats.conversion import OUTPUT_OPTIONS, ConversionLimits
from pileus.image.formats.inspection import Rules
from pileus.image.loops.cache import CacheKeeping
from pileus.image.loops.repair import Repair
from pileus.image.loops.scrub import Scrubber
from pileus.image.loops.task import TaskExpiry
from pileus.image.model import property_rule
from pileus.image.model.errors import PropertyRulesInvalid
from pileus.image.model.image import Limits
from pileus.image.model.imports import METHODS, PLUGINS, Plan
from pileus.image.model.location import Exposure
from pileus.image.model.property_rule import PropertyRules
from pileus.image.model.quota import UNLIMITED, of_storage, of_unified_limits
from pileus.image.model.upload import STAGING
from pileus.image.notification import Tell, silence
from pileus.image.policy import DEFAULTS, REFUSAL, scopes_of
from pileus.image.schema import ImageSchema
from pileus.image.settings import ImportFilteringSettings, PropertyProtectionSettings, Settings, StoreSettings
from pileus.image.stores.bounded import BoundedStore
from pileus.image.stores.cache import Cache
from pileus.image.stores.caching import Caching
from pileus.image.stores.filesystem import FilesystemStore
from pileus.image.stores.http import HttpStore
from pileus.image.stores.memory import MemoryStore
from pileus.image.stores.store import Store
from pileus.image.workflows import WORKFLOWS
from pileus.image.workflows.means import Means
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.db.migration import Migrations
from pileus.kit.errors import Invalid
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.auth import Authenticator, Everybody
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop
from pileus.kit.policy import Policy
from pileus.kit.web.fetch import Bounds
from pileus.kit.web.gate import Gate, GateRules, hosts, networks
from pileus.kit.web.url import UrlRefused
from pileus.kit.workflow import Runner, WorkflowStore

MIGRATIONS = Migrations("image", Path(__file__).parent / "db" / "migrations", tables.METADATA)
REPAIR_PERIOD_S = 20
CACHE_PERIOD_S = 60
EXPIRY_PERIOD_S = 600

CORS = "cors"  # web pages of other sites are answered as `[cors]` says
VERSIONS = "versionnegotiation"  # all versions of ours are one, and who wants another is told which there are
UNAUTHENTICATED = "unauthenticated-context"  # everybody is an administrator
AUTHTOKEN = "authtoken"  # a token says who is asking
CACHE = "cache"  # bytes come from copies on this host, and /v2/cache tells of them
CACHE_MANAGE = "cachemanage"  # /v2/cached_images and /v2/queued_images do too

FLAVORS = {
    "": (CORS, VERSIONS, UNAUTHENTICATED),
    "caching": (CORS, VERSIONS, UNAUTHENTICATED, CACHE),
    "cachemanagement": (CORS, VERSIONS, UNAUTHENTICATED, CACHE, CACHE_MANAGE),
    "keystone": (CORS, VERSIONS, AUTHTOKEN),
    "keystone+caching": (CORS, VERSIONS, AUTHTOKEN, CACHE),
    "keystone+cachemanagement": (CORS, VERSIONS, AUTHTOKEN, CACHE, CACHE_MANAGE),
}
"""What a request passes on its way from the socket to its handler, in this order and by the original's names, for each
`flavor`. The first two are the same in all: `kit/http/cors.py` and `api/versions.py`."""


class StoreSettingsInvalid(Invalid):
    """The settings of the stores make no sense."""


class ImportFilteringInvalid(Invalid):
    """The settings of what may be fetched make no sense."""


class ImportSettingsInvalid(Invalid):
    """The settings of imports make no sense."""


def new_stores(settings: Settings, state: Path) -> dict[str, Store]:
    """Open the stores; `state` is the folder in which they are by default.

    Raises StoreSettingsInvalid, ImportFilteringInvalid.
    """
    gate, bounds = new_gate(settings.import_filtering), _new_bounds(settings)
    return {
        name: BoundedStore(name, _new_store(name, store, state, gate, bounds), settings.store_deadline_s)
        for name, store in settings.stores.items()
    }


def _new_store(name: str, settings: StoreSettings, state: Path, gate: Gate, bounds: Bounds) -> Store:
    if settings.kind == "file":
        folder = Path(settings.directory) if settings.directory else state / "images" / name
        return FilesystemStore(name, folder)
    if settings.kind == "memory":
        return MemoryStore(name)
    if settings.kind == "http":
        return HttpStore(name, gate, bounds)
    raise StoreSettingsInvalid(f"image.stores.{name}.kind is '{settings.kind}'; known are: file, http, memory")


def new_cache(settings: Settings, state: Path) -> Cache | None:
    """Open the cache of this host, if the flavor has one; `state` is the folder in which it is by default."""
    if CACHE not in FLAVORS[settings.flavor]:
        return None
    chosen = settings.cache
    folder = Path(chosen.directory) if chosen.directory else state / "image-cache"
    return Cache(folder, max_size_bytes=chosen.max_size_mb * 2**20, stall_s=chosen.stall_time_s)


def new_caching(settings: Settings, stores: Mapping[str, Store], state: Path) -> Caching | None:
    """Open the cache of this host, if the flavor has one, for what these stores keep."""
    cache = new_cache(settings, state)
    if cache is None:
        return None
    return Caching(
        cache,
        stores,
        stall_s=settings.cache.stall_time_s,
        weights={name: store.weight for name, store in settings.stores.items()},
        has_management=CACHE_MANAGE in FLAVORS[settings.flavor],
    )


def authenticator_of(flavor: str, keystone: Authenticator) -> Authenticator:
    """Return who finds out who is asking: `keystone`, or nobody."""
    return keystone if AUTHTOKEN in FLAVORS[flavor] else Everybody()


@cache
def new_gate(settings: ImportFilteringSettings) -> Gate:
    """Put together what every URL passes that a caller names: one gate for all. Raises ImportFilteringInvalid."""
    try:
        rules = GateRules(
            allowed_schemes=frozenset(settings.allowed_schemes),
            disallowed_schemes=frozenset(settings.disallowed_schemes),
            allowed_hosts=hosts(settings.allowed_hosts),
            disallowed_hosts=hosts(settings.disallowed_hosts),
            allowed_ports=frozenset(settings.allowed_ports),
            disallowed_ports=frozenset(settings.disallowed_ports),
            allowed_networks=networks(settings.allowed_networks),
            disallowed_networks=networks(settings.disallowed_networks),
        )
    except (ValueError, UrlRefused) as error:
        raise ImportFilteringInvalid(f"image.import_filtering: {error}") from None
    return Gate(rules, ca_file=settings.ca_file)


def _new_bounds(settings: Settings) -> Bounds:
    return Bounds(stall_s=settings.stall_s, size_bytes=settings.limits.size_gb * 2**30)


def new_backend(
    settings: Settings,
    database: Database,
    clock: Clock,
    threads: Threads,
    stores: Mapping[str, Store],
    *,
    owner: str = "",
    transport: Transport | None = None,
    tell: Tell = silence,
    caching: Caching | None = None,
    unified_limits: UnifiedLimits | None = None,
) -> Backend:
    """Put together what the handlers work with.

    Raises StoreSettingsInvalid, QuotaInvalid, SchemaFileInvalid, PropertyRulesInvalid.
    """
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
            locations=limits.locations,
            size_bytes=limits.size_gb * 2**30,
        ),
        timing=Timing(upload_lease_s=settings.upload_lease_s, stall_s=settings.stall_s),
        gate=new_gate(settings.import_filtering),
        bounds=_new_bounds(settings),
        format_rules=Rules.of(settings.formats),
        tell=tell,
        caching=caching,
        schema=schema.read(Path(settings.schema_file)) if settings.schema_file else ImageSchema(),
        property_rules=_property_rules(settings.property_protection),
        exposure=Exposure(
            show_multiple_locations=settings.show_multiple_locations,
            show_image_direct_url=settings.show_image_direct_url,
            do_secure_hash=settings.do_secure_hash,
            http_retries=settings.http_retries,
        ),
        weights={name: store.weight for name, store in settings.stores.items()},
        descriptions={name: store.description for name, store in settings.stores.items()},
        certificates=_certificates(settings.formats.signature_certificates, transport),
        quota_of=_quotas(settings, unified_limits),
        is_delete_delayed=settings.delayed_delete,
    )


def new_staging(settings: Settings, state: Path) -> Store:
    """Open the staging area; `state` is the folder in which it is by default."""
    chosen = settings.imports.staging_directory
    folder = Path(chosen) if chosen else state / "images" / STAGING
    return BoundedStore(STAGING, FilesystemStore(STAGING, folder, is_read_soon=True), settings.store_deadline_s)


def with_imports(backend: Backend, settings: Settings, state: Path) -> tuple[Backend, Runner[Means]]:
    """Return what handlers work with if bytes can be staged and imported, and what does that work once it is started.

    `state` is the folder in which bytes are staged by default.

    Raises ImportSettingsInvalid.
    """
    chosen = settings.imports
    _require_known("enabled_import_methods", chosen.enabled_import_methods, METHODS)
    _require_known("image_import_plugins", chosen.image_import_plugins, PLUGINS)
    _require_known("output_format", (chosen.output_format,), tuple(OUTPUT_OPTIONS))
    if chosen.max_parallel_stores < 1:
        raise ImportSettingsInvalid("image.imports.max_parallel_stores must be 1 or more")
    means = Means(
        database=backend.database,
        clock=backend.clock,
        stores=backend.stores,
        staging=new_staging(settings, state),
        owner=backend.owner,
        limits=backend.limits,
        timing=backend.timing,
        gate=backend.gate,
        bounds=backend.bounds,
        rules=backend.format_rules,
        certificates=backend.certificates,
        conversion=ConversionLimits.of(settings),
        plan=Plan(
            plugins=chosen.image_import_plugins,
            output_format=chosen.output_format,
            ovf_properties=chosen.cim_pasd,
            parallel_stores=chosen.max_parallel_stores,
            ignored_roles=chosen.ignore_user_roles,
            injected=chosen.inject,
            extra_properties=chosen.extra_properties,
        ),
        task_time_to_live=timedelta(hours=chosen.task_time_to_live_h),
        exposure=backend.exposure,
        quota_of=backend.quota_of,
        tell=backend.tell,
    )
    store = WorkflowStore(import_tables.WORKFLOW, import_tables.WORKFLOW_STEP)
    owner, clock, threads = backend.owner, backend.clock, chosen.threads
    work = Runner(backend.database, store, WORKFLOWS, means, owner=owner, clock=clock, threads=threads)
    methods = chosen.enabled_import_methods
    importing = Importing(staging=means.staging, work=work, methods=methods, tokens=means.tokens)
    return replace(backend, importing=importing), work


def _require_known(setting: str, values: Sequence[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise ImportSettingsInvalid(f"image.imports.{setting} has '{value}'; known are: {', '.join(known)}")


def _quotas(settings: Settings, unified_limits: UnifiedLimits | None) -> QuotaOf:
    if unified_limits is None:
        of_all = of_storage(settings.user_storage_quota)
        return lambda _project_id: of_all
    return lambda project_id: of_unified_limits(unified_limits.of_project(project_id)) if project_id else UNLIMITED


def _property_rules(settings: PropertyProtectionSettings) -> PropertyRules | None:
    if not settings.file:
        return None
    try:
        text = Path(settings.file).read_text(encoding="utf-8")
    except OSError as error:
        raise PropertyRulesInvalid(reason=error) from None
    return property_rule.parse(text, are_policies=settings.rule_format == "policies")


def _certificates(place: str, transport: Transport | None) -> Certificates:
    if place.startswith(("http://", "https://")):
        return certificate.at_url(place, transport or Transport())
    return certificate.in_folder(Path(place)) if place else certificate.nowhere


def new_service(backend: Backend, authenticator: Authenticator, *, policy_file: Path | None = None) -> Service[Backend]:
    """Return the service, ready for an `App`."""
    return Service(
        name="image",
        state=backend,
        routes=ROUTES,
        dialect=dialects.image,
        authenticator=authenticator,
        screen=screen,
        policy=Policy(DEFAULTS, file=policy_file, refusal=REFUSAL, scopes=scopes_of),
        ready=lambda: _problems(backend),
    )


def new_loops(backend: Backend, leases: Leases) -> list[Loop]:
    """Return the loops that go with the service."""
    repair = Repair(backend.database, backend.places, backend.clock)
    loops = [Loop("image-repair", repair.round, REPAIR_PERIOD_S, leases)]
    if backend.caching is not None:  # which is of this host, and so no other process's work
        loops.append(Loop("image-cache", CacheKeeping(backend.database, backend.caching).round, CACHE_PERIOD_S))
    if backend.importing is not None:
        expiry = TaskExpiry(backend.database, backend.importing.work.store, backend.clock)
        loops.append(Loop("image-task", expiry.round, EXPIRY_PERIOD_S, leases))
    return loops


def new_scrubber(
    settings: Settings, database: Database, stores: Mapping[str, Store], leases: Leases, clock: Clock
) -> Scrubber:
    """Return what removes deleted images whose time is up."""
    return Scrubber(database, stores, leases, clock, keep_s=settings.scrub_time, pool_size=settings.scrub_pool_size)


def _place_word(name: str) -> str:
    return "staging area" if name == STAGING else f"store {name}"


def _problems(backend: Backend) -> dict[str, str]:
    parts = {"database": backend.database.ping()}
    parts |= {_place_word(name): store.problem() for name, store in backend.places.items()}
    return {part: problem for part, problem in parts.items() if problem is not None}
