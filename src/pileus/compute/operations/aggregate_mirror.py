"""Placement knows which aggregates a host is in, so that it can be asked for hosts of some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pileus.clients.placement import PlacementFailed, ProviderNotFound
from pileus.compute.backend import Backend
from pileus.compute.db import aggregate as aggregates
from pileus.compute.db import host as hosts
from pileus.compute.model.aggregate import Aggregate
from pileus.compute.model.error.host import HypervisorNotFound
from pileus.kit import log

logger = log.get_logger("pileus.compute.aggregate")


def mirror(backend: Backend, host: str) -> None:
    """Tell placement now which aggregates a host is in; if it cannot be told, a loop does it later."""
    with backend.database.read() as tx:
        known = aggregates.list_all(tx)
        try:
            provider = hosts.get(tx, host).uuid
        except HypervisorNotFound:  # it was never heard of, and has none
            return
    try:
        backend.placement.set_aggregates(provider, by_host(known).get(host, ()), [one.uuid for one in known])
    except (PlacementFailed, ProviderNotFound) as error:
        logger.warning("placement is not told of a host's aggregates", host=host, reason=str(error))


def by_host(known: Sequence[Aggregate]) -> Mapping[str, Sequence[str]]:
    """Return the aggregates that each host is in."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in known:
        for host in one.hosts:
            found[host].append(one.uuid)
    return found
