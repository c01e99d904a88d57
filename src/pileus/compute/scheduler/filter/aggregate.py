"""Filters that look at what the host's aggregates say."""

from __future__ import annotations

from pileus.compute.model.image_property import current
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import looks_at
from pileus.compute.scheduler.filter.extra_spec import is_match

_SCOPE = "aggregate_instance_extra_specs"
_PROJECTS = "filter_tenant_id"


@looks_at("aggregates")
def aggregate_instance_extra_specs(ask: Ask, host: HostView) -> str | None:
    """The aggregates must say what the flavor's extra specs demand: those of the scope, and those of none."""
    if not ask.extra_specs:
        return None
    said = host.aggregate_words()
    for spec, demand in ask.extra_specs.items():
        scope, colon, rest = spec.partition(":")
        if colon and scope != _SCOPE:
            continue
        key = rest if colon else spec
        if not any(is_match(value, demand) for value in said.get(key, ())):
            return f"no aggregate of it has {key} {demand}"
    return None


@looks_at("aggregates")
def aggregate_image_properties_isolation(ask: Ask, host: HostView, *, namespace: str, separator: str) -> str | None:
    """Where the aggregates say something of a property that the image has, they must say the same."""
    prefix = namespace + separator if namespace else ""
    properties = current(ask.image_properties)
    for key, values in host.aggregate_words().items():
        wanted = properties.get(key) if key.startswith(prefix) else None
        if wanted and str(wanted) not in values:
            return f"its aggregates are for images whose {key} is {', '.join(sorted(values))}, not {wanted}"
    return None


@looks_at("aggregates")
def aggregate_multi_tenancy_isolation(ask: Ask, host: HostView) -> str | None:
    """If the aggregates name projects (`filter_tenant_id` and whatever follows it), it must be one of them."""
    said = host.aggregate_words()
    projects = {project for key, values in said.items() if key.startswith(_PROJECTS) for project in values}
    return None if not projects or ask.project_id in projects else "its aggregates are for other projects"


@looks_at("aggregates")
def aggregate_type_affinity(ask: Ask, host: HostView) -> str | None:
    """If the aggregates name flavors (`instance_type`), it must be one of them."""
    flavors = {name.strip() for value in host.aggregate_values("instance_type") for name in value.split(",")}
    return None if not flavors or ask.flavor_name in flavors else "its aggregates are for other flavors"
