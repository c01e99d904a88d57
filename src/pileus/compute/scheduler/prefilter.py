"""What placement is asked beside amounts and traits, so that it names no host that filters would strike out anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pileus.compute.model.aggregate import Aggregate
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.scheduler.ask import Ask
from pileus.compute.settings import SchedulerSettings
from pileus.kit.errors import Invalid

_PROJECTS = "filter_tenant_id"
_TRAIT = "trait:"
_NOWHERE = "00000000-0000-0000-0000-000000000000"
"""The aggregate that no provider is in."""


class NoAggregateForProject(Invalid):
    """No aggregate is for the project, and there has to be one."""

    message = "No valid host was found. No aggregate of hosts is for the project {project_id}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which providers placement may name."""

    member_of: tuple[frozenset[str], ...] = ()  # of each of these, it is in one aggregate
    not_member_of: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()  # traits beside those of the ask


def is_narrowing(settings: SchedulerSettings) -> bool:
    """Whether the settings have placement look at more, whatever is asked for."""
    return (
        settings.limit_tenants_to_placement_aggregate
        or settings.enable_isolated_aggregate_filtering
        or settings.query_placement_for_image_type_support
    )


def narrowed(ask: Ask, aggregates: Sequence[Aggregate], settings: SchedulerSettings, *, by_zone: bool) -> Narrowed:
    """Return what to ask of placement. Raises NoAggregateForProject."""
    chosen = Narrowed(required=_image_type(ask, settings))
    if by_zone and ask.availability_zone is not None:
        chosen = _in_zone(chosen, ask.availability_zone, aggregates)
    if settings.limit_tenants_to_placement_aggregate:
        chosen = _for_project(chosen, ask, aggregates, settings)
    if settings.enable_isolated_aggregate_filtering:
        isolated = {one.uuid for one in aggregates if not _required_by(one) <= ask.required_traits | chosen.required}
        chosen = replace(chosen, not_member_of=chosen.not_member_of | isolated)
    return chosen


def _in_zone(chosen: Narrowed, zone: str, aggregates: Sequence[Aggregate]) -> Narrowed:
    """Have the host be in an aggregate of the zone; in the default one are those that no aggregate puts elsewhere."""
    if zone == DEFAULT_ZONE:
        elsewhere = {one.uuid for one in aggregates if one.zone not in (None, zone)}
        return replace(chosen, not_member_of=chosen.not_member_of | elsewhere)
    inside = frozenset(one.uuid for one in aggregates if one.zone == zone)
    return replace(chosen, member_of=(*chosen.member_of, inside or frozenset((_NOWHERE,))))


def _for_project(chosen: Narrowed, ask: Ask, aggregates: Sequence[Aggregate], settings: SchedulerSettings) -> Narrowed:
    """Have the host be in an aggregate of the project, if one is for it or one has to be."""
    own = frozenset(
        one.uuid
        for one in aggregates
        if any(key.startswith(_PROJECTS) and value == ask.project_id for key, value in one.metadata.items())
    )
    if own:
        return replace(chosen, member_of=(*chosen.member_of, own))
    if settings.placement_aggregate_required_for_tenants:
        raise NoAggregateForProject(project_id=ask.project_id)
    return chosen


def _required_by(aggregate: Aggregate) -> frozenset[str]:
    """Return the traits that a server must ask for to be on the aggregate's hosts."""
    said = aggregate.metadata.items()
    return frozenset(key.removeprefix(_TRAIT) for key, value in said if key.startswith(_TRAIT) and value == "required")


def _image_type(ask: Ask, settings: SchedulerSettings) -> frozenset[str]:
    """Return the trait of hosts that can read the image's format."""
    if not settings.query_placement_for_image_type_support or not ask.disk_format:
        return frozenset()
    return frozenset((f"COMPUTE_IMAGE_TYPE_{ask.disk_format.upper()}",))
