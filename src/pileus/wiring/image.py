"""Image, with its stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import structs

from pileus.clients.limit import LimitedEndpoint, UnifiedLimits
from pileus.image import service as image
from pileus.image.db.tables import LEASE
from pileus.image.formats import metadef
from pileus.image.notification import Tell, silence, telling
from pileus.image.operations import metadef_catalogue
from pileus.image.operations import store as store_operation
from pileus.image.operations.upload import abandon_own
from pileus.kit.errors import Conflict
from pileus.kit.http.app import App
from pileus.kit.http.server import is_loopback
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import path_of


class FlavorExposed(Conflict):
    """A service that takes everybody for an administrator would listen where everybody is."""

    message = (
        "[image] flavor '{flavor}' is without keystone: everybody is an administrator, and {address} is no loopback "
        "address. Listen on 127.0.0.1, or choose a flavor with keystone."
    )


def _tell(cloud: Cloud) -> Tell:
    """Return what tells others of events: nothing, unless the settings name a broker."""
    chosen = cloud.settings.image.notifications
    notifier = cloud.notifier("image", chosen)
    return silence if notifier is None else telling(notifier, chosen.disabled)


def build(cloud: Cloud) -> Sequence[Callable[[], None]]:
    """Add image to a cloud; return what starts its loops once all ports answer. Raises FlavorExposed."""
    chosen = cloud.settings.image
    if image.AUTHTOKEN not in image.FLAVORS[chosen.flavor] and not is_loopback(chosen.listen.address):
        raise FlavorExposed(flavor=chosen.flavor, address=chosen.listen.address)
    database = cloud.databases["image"]
    stores = image.new_stores(chosen, cloud.state.path)
    data_threads = Threads(name="image-data")  # others than those of handlers: a store may hang
    cloud.stops.append(data_threads.close)
    backend = image.new_backend(
        chosen,
        database,
        cloud.clock,
        data_threads,
        stores,
        owner=cloud.owner(),
        transport=cloud.transport,
        tell=_tell(cloud),
        caching=image.new_caching(chosen, stores, cloud.state.path),
        unified_limits=_unified_limits(cloud),
    )
    backend, work = image.with_imports(backend, chosen, cloud.state.path)
    store_operation.claim(database, backend.places)
    database.write(abandon_own, cloud.owner(), cloud.clock.now())
    work.resume()
    database.write(metadef_catalogue.install, metadef.read(metadef.SHIPPED, cloud.clock.now()))
    leases = Leases(database, LEASE, cloud.owner(), cloud.clock)
    authenticator = image.authenticator_of(chosen.flavor, cloud.authenticator("image"))
    cloud.add_app("image", App(image.new_service(backend, authenticator, policy_file=path_of(chosen.policy_file))))
    loops = image.new_loops(backend, leases)
    if chosen.delayed_delete:
        scrubber = image.new_scrubber(chosen, database, stores, leases, cloud.clock)
        loops.append(Loop("image-scrub", scrubber.round, chosen.wakeup_time))
    cloud.stops.append(work.stop)
    return [work.start, *cloud.starting(loops)]


def _unified_limits(cloud: Cloud) -> UnifiedLimits | None:
    """Return what asks identity for limits. Our own is asked each time, so that a changed limit counts at once."""
    chosen = cloud.settings.image
    if not chosen.use_keystone_limits:
        return None
    cache_s = chosen.limits_cache_s if cloud.settings.auth.url else 0.0
    endpoint = LimitedEndpoint(**structs.asdict(chosen.oslo_limit))
    return UnifiedLimits(cloud.session("image"), endpoint, cache_s=cache_s)
