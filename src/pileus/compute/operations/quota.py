"""What projects and users may use."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.compute.db import quota as rows
from pileus.compute.db import server as servers
from pileus.compute.db import server_group as groups
from pileus.compute.model.error.quota import QuotaAboveProject, QuotaBelowUse
from pileus.compute.model.quota import DEFAULT_CLASS, NETWORK_LIMITS, UNLIMITED, Usage, most_that_fit
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction

Limits = tuple[dict[str, int], dict[str, int]]
"""What a project may use, and what one user may use in it."""


def configured(settings: QuotaSettings) -> dict[str, int]:
    """Return what the operator's settings, or the identity service in their place, say of each resource."""
    return {
        "instances": settings.instances,
        "cores": settings.cores,
        "ram": settings.ram_mb,
        "key_pairs": settings.key_pairs,
        "metadata_items": settings.metadata_items,
        "injected_files": settings.injected_files,
        "injected_file_content_bytes": settings.injected_file_content_bytes,
        "injected_file_path_bytes": settings.injected_file_path_bytes,
        "server_groups": settings.server_groups,
        "server_group_members": settings.server_group_members,
        **NETWORK_LIMITS,
    }


def class_limits(tx: Transaction, settings: QuotaSettings, name: str) -> dict[str, int]:
    """Return the limits of a quota class."""
    own = {} if settings.is_unified else rows.class_limits(tx, name)
    return {**configured(settings), **own}


def limits(tx: Transaction, settings: QuotaSettings, project_id: str, user_id: str | None = None) -> dict[str, int]:
    """Return what a project may use, or one user in it."""
    if user_id is not None:
        return both_limits(tx, settings, project_id, user_id)[1]
    found = class_limits(tx, settings, DEFAULT_CLASS)
    return found if settings.is_unified else {**found, **rows.own_limits(tx, project_id)}


def both_limits(tx: Transaction, settings: QuotaSettings, project_id: str, user_id: str) -> Limits:
    """Return what a project may use, and what one user may use in it."""
    found = class_limits(tx, settings, DEFAULT_CLASS)
    if settings.is_unified:
        return found, found
    of_project, of_user = rows.both_limits(tx, project_id, user_id)
    whole = {**found, **of_project}
    return whole, {**whole, **of_user}


def used(tx: Transaction, project_id: str, user_id: str | None = None) -> dict[str, int]:
    """Return what a project uses of that which is counted for it, or one user in it."""
    return {**servers.usage(tx, project_id, user_id).as_resources(), "server_groups": groups.count(tx, project_id)}


def most_servers(
    tx: Transaction, limits: Limits, project_id: str, user_id: str, one: Usage, *, fewest: int, most: int
) -> int:
    """Return how many servers of one size a user may make in a project, up to `most`.

    Raises QuotaExceeded if not even the fewest.
    """
    whole, own = limits
    most = most_that_fit(whole, servers.usage(tx, project_id), one, fewest=fewest, most=most)
    if own != whole:  # otherwise the user's part fits where the whole does
        most = most_that_fit(own, servers.usage(tx, project_id, user_id), one, fewest=fewest, most=most)
    return most


def update(
    tx: Transaction,
    settings: QuotaSettings,
    project_id: str,
    changes: Mapping[str, int],
    user_id: str | None = None,
    *,
    is_forced: bool,
) -> None:
    """Give a project limits of its own, or one user in it. Raises QuotaBelowUse, QuotaAboveProject, unless forced."""
    if settings.is_unified:
        return  # the identity service keeps them
    if not is_forced:
        _require_possible(tx, settings, project_id, changes, user_id)
    rows.set_limits(tx, project_id, changes, user_id or rows.WHOLE_PROJECT)


def _require_possible(
    tx: Transaction, settings: QuotaSettings, project_id: str, changes: Mapping[str, int], user_id: str | None
) -> None:
    use, given = used(tx, project_id, user_id), rows.limits_given_to_users(tx, project_id)
    whole = limits(tx, settings, project_id)
    own = {} if user_id is None else rows.own_limits(tx, project_id, user_id)
    for resource, maximum in changes.items():
        fewest = max(use.get(resource, 0), 0 if user_id else given.get(resource, 0))
        if UNLIMITED != maximum < fewest:
            raise QuotaBelowUse(maximum=maximum, resource=resource, used=fewest)
        if user_id and whole[resource] != UNLIMITED:
            most = whole[resource] - given.get(resource, 0) + max(own.get(resource, 0), 0)
            if maximum == UNLIMITED or maximum > most:
                raise QuotaAboveProject(maximum=maximum, resource=resource, most=most)


def update_class(tx: Transaction, settings: QuotaSettings, name: str, changes: Mapping[str, int]) -> None:
    """Change the limits of a quota class."""
    if not settings.is_unified:
        rows.set_class_limits(tx, name, changes)


def reset(tx: Transaction, settings: QuotaSettings, project_id: str, user_id: str | None = None) -> None:
    """Let a project and its users have the defaults again, or one user what the project has."""
    if not settings.is_unified:
        rows.delete_limits(tx, project_id, user_id)
