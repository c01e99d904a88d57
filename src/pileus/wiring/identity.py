"""Identity, with its first accounts and the catalog of this cloud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pileus.identity import service as identity
from pileus.identity.api.notification import announcer
from pileus.identity.backend import Backend
from pileus.identity.operations import bootstrap
from pileus.identity.tokens.keys import Keys
from pileus.kit.http.app import App
from pileus.kit.http.message import Reply, Request
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import PATH_OF, path_of


def build(cloud: Cloud) -> Sequence[Callable[[], None]]:
    """Add identity to a cloud, with its accounts and this cloud in its catalog; nothing is left to start."""
    chosen = cloud.settings.identity
    keys = Keys.at(cloud.state.keys)
    backend = identity.new_backend(chosen, cloud.databases["identity"], cloud.clock, keys)
    announce = _announcer(cloud, backend)
    service = identity.new_service(backend, policy_file=path_of(chosen.policy_file), announce=announce)
    cloud.add_app("identity", App(service))
    cloud.token_version = partial(identity.version, backend)
    accounts = bootstrap.accounts(cloud.state.secrets(bootstrap.ACCOUNTS))
    urls = {service: cloud.root_url(service) + PATH_OF[service] for service in cloud.services}
    backend.database.write(bootstrap.bootstrap, accounts, urls, cloud.region())
    return ()


def _announcer(cloud: Cloud, backend: Backend) -> Callable[[Request, Reply], None] | None:
    """Return what tells others of identity's events, if the settings name a broker."""
    chosen = cloud.settings.identity.notifications
    notifier = cloud.notifier("identity", chosen)
    return None if notifier is None else announcer(backend, chosen, notifier)
