"""Finding a host: placement says where there is room, the scheduler ranks, and placement's answer is the last word."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.clients.placement import Candidate, ClaimRefused, Room
from pileus.compute.db import action, aggregate, host
from pileus.compute.model.action import SELECT_DESTINATIONS
from pileus.compute.model.server import Server
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.choose import Choice
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.scheduler.prefilter import Narrowed, is_narrowing, narrowed
from pileus.compute.scheduler.room import with_room
from pileus.compute.workflows.affinity import with_neighbours
from pileus.compute.workflows.claim import claim
from pileus.compute.workflows.means import Means
from pileus.kit import log
from pileus.kit.db import Transaction
from pileus.kit.workflow import StepFailed

logger = log.get_logger("pileus.compute.place")

CLAIM_ATTEMPTS = 5  # hosts tried when others are faster
REFUSALS_KEPT = 100  # with their reasons, of a server that found no host


def claim_host(means: Means, asking: Server, ask: Ask) -> dict[str, str]:
    """Choose a host for a server that holds nothing yet, and allocate on it. Raises StepFailed."""
    if _claims_more(asking, ask) and (known := _find_placed(means, asking)):
        return known  # before the same is claimed elsewhere
    for _ in range(CLAIM_ATTEMPTS):
        choice, candidates = _rank(means, asking, ask)
        for view in means.scheduler.best(choice, CLAIM_ATTEMPTS):
            if _claim(means, asking, ask, view, candidates[view.provider]):
                logger.info("placed", server=asking.id, host=view.host, refused=choice.summary())
                return {"host": view.host, "node": view.node, "provider": view.provider}
        if known := _find_placed(means, asking):
            return known
        if not len(choice.passed):
            _record(means, asking, choice)
            raise StepFailed(_no_valid_host(choice, ask))
    raise StepFailed("No valid host was found. Others were faster each time; please try again.")


def _record(means: Means, asking: Server, choice: Choice) -> None:
    """Write down for administrators which hosts were refused, and why."""
    if choice.refusals:
        report = choice.report(REFUSALS_KEPT)
        means.database.write(action.add_failure, asking.id, SELECT_DESTINATIONS, means.clock.now(), report)


def _rank(means: Means, asking: Server, ask: Ask) -> tuple[Choice, dict[str, Candidate]]:
    """Return who will do of those that placement names: of some at first, and of all if none of the some will."""
    hosts = means.scheduler.fleet.current(means.database, means.clock.now(), means.settings.service_down_time_s)
    limit = means.settings.scheduler.max_placement_results
    choice, candidates = _choose(means, asking, ask, hosts, limit)
    if not len(choice.passed) and len(candidates) >= limit:
        return _choose(means, asking, ask, hosts, None)
    return choice, candidates


def _choose(
    means: Means, asking: Server, ask: Ask, hosts: Hosts, limit: int | None
) -> tuple[Choice, dict[str, Candidate]]:
    found, room = _candidates(means, ask, limit, is_large=limit is not None and len(hosts) > limit)
    by_provider = {candidate.root_provider: candidate for candidate in found}
    with means.database.read() as tx:
        of_image = _servers_of_image(tx, means, ask)
        ask = with_neighbours(tx, asking, ask)
    return means.scheduler.choose(ask, with_room(hosts, room, of_image)), by_provider


def _candidates(means: Means, ask: Ask, limit: int | None, *, is_large: bool) -> tuple[list[Candidate], Room]:
    """Return where placement says there is room.

    In a cloud that is larger than the limit it looks for the zone too. In a smaller one the filter for zones does, so
    that it is known how many hosts are elsewhere.
    """
    settings, narrow = means.settings.scheduler, Narrowed()
    if is_large or is_narrowing(settings):
        with means.database.read() as tx:
            narrow = narrowed(ask, aggregate.list_without_hosts(tx), settings, by_zone=is_large)
    return means.placement.candidates(
        ask.resources, required=ask.required_traits | narrow.required, forbidden=ask.forbidden_traits,
        member_of=narrow.member_of, not_member_of=narrow.not_member_of, limit=limit,
    )  # fmt: skip


def _servers_of_image(tx: Transaction, means: Means, ask: Ask) -> Mapping[str, int]:
    """Return where the image is in use, if anybody wants to know: it takes a look at every server."""
    if ask.image_id is None or not means.settings.scheduler.image_cache_weight_multiplier:
        return {}
    return host.servers_of_image(tx, ask.image_id)


def _claims_more(asking: Server, ask: Ask) -> bool:
    """Tell whether there is more to claim of a host than what placement counts."""
    return asking.group_id is not None or ask.wish is not None


def _claim(means: Means, asking: Server, ask: Ask, view: HostView, candidate: Candidate) -> bool:
    if _claims_more(asking, ask) and not means.database.write(claim, asking, ask, view):
        return False
    try:
        means.placement.claim(asking.id, candidate.allocations, project_id=asking.project_id, user_id=asking.user_id)
    except ClaimRefused:
        return False
    return True


def _find_placed(means: Means, asking: Server) -> dict[str, str] | None:
    """Return what was claimed before, when the process died before it could say so. Raises StepFailed."""
    held, _ = means.placement.allocations(asking.id)
    with means.database.read() as tx:
        found = {provider: host.find_of(tx, provider) for provider in held}
    for provider, names in found.items():
        if names is not None:
            return {"host": names[0], "node": names[1], "provider": provider}
    if held:
        raise StepFailed("The host that was allocated is gone.")
    return None


def _no_valid_host(choice: Choice, ask: Ask) -> str:
    wanted = ", ".join(f"{amount} {name}" for name, amount in sorted(ask.resources.items()))
    traits = [*sorted(ask.required_traits), *(f"no {trait}" for trait in sorted(ask.forbidden_traits))]
    if traits:
        wanted += f" and with {', '.join(traits)}"
    if choice.refusals:
        return f"No valid host was found. Hosts with room for {wanted} were refused by {choice.summary()}."
    return f"No valid host was found. There is no host with room for {wanted}."
