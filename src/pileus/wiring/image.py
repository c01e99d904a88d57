"""Image, with its stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pileus.image import service as image
from pileus.image.db.tables import LEASE
from pileus.image.operations.upload import abandon_own
from pileus.kit.http.app import App
from pileus.kit.lease import Leases
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import path_of


def build(cloud: Cloud) -> Sequence[Callable[[], None]]:
    """Add image to a cloud; return what starts its loops once all ports answer."""
    chosen = cloud.settings.image
    database = cloud.databases["image"]
    stores = image.new_stores(chosen, cloud.state.path)
    backend = image.new_backend(chosen, database, cloud.clock, cloud.threads, stores, owner=cloud.owner())
    database.write(abandon_own, cloud.owner(), cloud.clock.now())
    leases = Leases(database, LEASE, cloud.owner(), cloud.clock)
    authenticator = cloud.authenticator("image")
    cloud.add_app("image", App(image.new_service(backend, authenticator, policy_file=path_of(chosen.policy_file))))
    return cloud.starting(image.new_loops(backend, leases))
