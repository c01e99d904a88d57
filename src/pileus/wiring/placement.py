"""Placement, with its index."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pileus.kit.errors import Conflict
from pileus.kit.http.app import App
from pileus.kit.http.auth import NOAUTH_HEADERS, NoAuth
from pileus.kit.http.server import is_loopback
from pileus.placement import service as placement
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import path_of


class NoAuthExposed(Conflict):
    """A service that takes everybody's word would listen where everybody is."""

    message = (
        "[placement] auth_strategy is noauth2, which takes everybody's word, and {address} is no loopback address. "
        "Listen on 127.0.0.1, or set [placement] noauth_anywhere = true if only friends can reach it."
    )


def build(cloud: Cloud) -> Sequence[Callable[[], None]]:
    """Add placement to a cloud; return what starts its loops once all ports answer. Raises NoAuthExposed."""
    chosen = cloud.settings.placement
    is_noauth = chosen.auth_strategy == "noauth2"
    if is_noauth and not (chosen.noauth_anywhere or is_loopback(chosen.listen.address)):
        raise NoAuthExposed(address=chosen.listen.address)
    backend = placement.new_backend(
        cloud.databases["placement"], cloud.clock, max_candidates=chosen.max_allocation_candidates
    )
    service = placement.new_service(
        backend,
        NoAuth(anywhere=chosen.noauth_anywhere) if is_noauth else cloud.authenticator("placement"),
        trusted_headers=NOAUTH_HEADERS if is_noauth else frozenset(),
        policy_file=path_of(chosen.policy_file),
        enforce_new_defaults=chosen.enforce_new_defaults,
    )
    cloud.add_app("placement", App(service))
    return cloud.starting(placement.new_loops(backend))
