"""How to speak of what an audit of placement finds."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.cli.audit_table import Words
from pileus.placement.model.audit import (
    MENDABLE,
    Finding,
    IdleConsumer,
    OrphanedConsumer,
    OverCapacity,
    ProviderRing,
    UnstockedAllocation,
    WrongRoot,
    WrongUse,
)

ADVICE: Mapping[type[Finding], str] = {
    OverCapacity: "over capacity: move servers away, or raise the inventory's total or allocation_ratio",
    UnstockedAllocation: "no inventory: give the provider one of that class again, or DELETE /allocations/CONSUMER",
    ProviderRing: "ring of providers: PUT /resource_providers/PROVIDER with another parent_provider_uuid",
}


def _words(finding: Finding) -> tuple[str, str]:
    """Return which thing a finding is about, and what is the matter with it."""
    match finding:
        case OrphanedConsumer():
            return finding.consumer_uuid, f"compute does not know it; holds {_held(finding)}"
        case WrongUse():
            return _stock(finding), f"counts {finding.used} as used, its allocations are {finding.held}"
        case OverCapacity():
            return _stock(finding), f"{finding.held} are held of {finding.capacity:.0f}"
        case UnstockedAllocation():
            return finding.consumer_uuid, f"holds {finding.held} of {_stock(finding)}, which has no such inventory"
        case IdleConsumer():
            return finding.consumer_uuid, "holds nothing"
        case WrongRoot():
            return finding.provider_name, f"hangs below {finding.right_root_uuid}, its root says {finding.root_uuid}"
        case ProviderRing():
            return finding.provider_name, f"its parents lead in a ring ({finding.provider_uuid})"


def _stock(finding: WrongUse | OverCapacity | UnstockedAllocation) -> str:
    return f"{finding.provider_name} {finding.resource_class}"


def _held(finding: OrphanedConsumer) -> str:
    return ", ".join(f"{one.used} {one.resource_class} of {one.provider_name}" for one in finding.held)


WORDS: Words[Finding] = Words(_words, lambda finding: isinstance(finding, MENDABLE), ADVICE)
