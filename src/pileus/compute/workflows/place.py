"""Finding a host: placement says where there is room, the scheduler ranks, and placement's answer is the last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pileus.clients.placement import Candidate, ClaimRefused, Usage
from pileus.compute.db import action, aggregate, host
from pileus.compute.model.action import SELECT_DESTINATIONS
from pileus.compute.model.host import Host
from pileus.compute.model.server import Server
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.choose import Choice
from pileus.compute.workflows.company import claim_in_group, with_company
from pileus.compute.workflows.means import Means
from pileus.kit import log
from pileus.kit.db import Transaction
from pileus.kit.workflow import StepFailed

logger = log.get_logger("pileus.compute.place")

Aggregates = tuple[Mapping[str, str], ...]

CLAIM_ATTEMPTS = 5  # hosts tried when others are faster
REFUSALS_KEPT = 100  # with their reasons, of a server that found no host


def claim_host(means: Means, asking: Server, ask: Ask) -> dict[str, str]:
    """Choose a host for a server that holds nothing yet, and allocate on it. Raises StepFailed."""
    held, _ = means.placement.allocations(asking.id)
    if held:  # done before, and the process died before it could say so
        return _placed(means, held)
    for _ in range(CLAIM_ATTEMPTS):
        choice, candidates = _rank(means, asking, ask)
        for view in choice.ranked[:CLAIM_ATTEMPTS]:
            if _claim(means, asking, ask, view, candidates[view.provider]):
                logger.info("placed", server=asking.id, host=view.host, refused=choice.summary())
                return {"host": view.host, "provider": view.provider}
        if not choice.ranked:
            _record(means, asking, choice)
            raise StepFailed(_no_valid_host(choice, ask))
    raise StepFailed("No valid host was found. Others were faster each time; please try again.")


def _record(means: Means, asking: Server, choice: Choice) -> None:
    """Write down for administrators which hosts were refused, and why."""
    if choice.refused:
        report = choice.report(REFUSALS_KEPT)
        means.database.write(action.add_failure, asking.id, SELECT_DESTINATIONS, means.clock.now(), report)


def _rank(means: Means, asking: Server, ask: Ask) -> tuple[Choice, dict[str, Candidate]]:
    limit = means.settings.scheduler.max_placement_results
    found, usages = means.placement.candidates(
        ask.resources, required=ask.required_traits, forbidden=ask.forbidden_traits, limit=limit
    )
    by_provider = {candidate.root_provider: candidate for candidate in found}
    with means.database.read() as tx:
        known = [one for one in host.list_all(tx) if one.uuid in by_provider]
        said = aggregate.metadata_by_host(tx)
        of_image = _servers_of_image(tx, means, ask)
        ask = with_company(tx, asking, ask)
    views = [
        _view(means, one, usages, aggregates=said.get(one.host, ()), image_servers=of_image.get(one.host, 0))
        for one in known
    ]
    return means.scheduler.choose(ask, views), by_provider


def _servers_of_image(tx: Transaction, means: Means, ask: Ask) -> Mapping[str, int]:
    """Return where the image is in use, if anybody wants to know: it takes a look at every server."""
    if ask.image_id is None or not means.settings.scheduler.image_cache_weight_multiplier:
        return {}
    return host.servers_of_image(tx, ask.image_id)


def _view(
    means: Means, one: Host, usages: Mapping[str, Usage], *, aggregates: Aggregates, image_servers: int
) -> HostView:
    usage = usages.get(one.uuid, Usage({}, {}))
    return HostView(
        host=one.host,
        provider=one.uuid,
        node=one.hostname,
        zone=one.zone,
        is_up=one.service.is_up(means.clock.now(), means.settings.service_down_time_s),
        is_enabled=not one.service.is_disabled,
        disabled_reason=one.service.disabled_reason,
        free={name: capacity - usage.used.get(name, 0) for name, capacity in usage.capacity.items()},
        used=usage.used,
        total={"VCPU": one.vcpus, "MEMORY_MB": one.memory_mb, "DISK_GB": one.local_gb},
        servers=one.use.servers,
        io_ops=one.use.busy_servers,
        failed_builds=one.failed_builds,
        image_servers=image_servers,
        hypervisor_type=one.hypervisor_type,
        hypervisor_version=one.hypervisor_version,
        cpu_info=one.cpu_info,
        aggregates=aggregates,
    )


def _claim(means: Means, asking: Server, ask: Ask, view: HostView, candidate: Candidate) -> bool:
    if not ask.is_forced and not means.database.write(claim_in_group, asking, ask, view):
        return False
    try:
        means.placement.claim(asking.id, candidate.allocations, project_id=asking.project_id, user_id=asking.user_id)
    except ClaimRefused:
        return False
    return True


def _placed(means: Means, held: Mapping[str, Any]) -> dict[str, str]:
    with means.database.read() as tx:
        known: Sequence[Host] = host.list_all(tx)
    for one in known:
        if one.uuid in held:
            return {"host": one.host, "provider": one.uuid}
    raise StepFailed("The host that was allocated is gone.")


def _no_valid_host(choice: Choice, ask: Ask) -> str:
    wanted = ", ".join(f"{amount} {name}" for name, amount in sorted(ask.resources.items()))
    traits = [*sorted(ask.required_traits), *(f"no {trait}" for trait in sorted(ask.forbidden_traits))]
    if traits:
        wanted += f" and with {', '.join(traits)}"
    if choice.refused:
        return f"No valid host was found. Hosts with room for {wanted} were refused by {choice.summary()}."
    return f"No valid host was found. There is no host with room for {wanted}."
