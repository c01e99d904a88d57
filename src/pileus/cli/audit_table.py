"""What an audit found, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

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

MOST_ROWS = 20  # of each kind, on a terminal or not; --json has all

ADVICE: Mapping[type[Finding], str] = {
    OverCapacity: "over capacity: move servers away, or raise the inventory's total or allocation_ratio",
    UnstockedAllocation: "no inventory: give the provider one of that class again, or DELETE /allocations/CONSUMER",
    ProviderRing: "ring of providers: PUT /resource_providers/PROVIDER with another parent_provider_uuid",
}


@dataclass(frozen=True, slots=True)
class Result:
    """A finding and whether it was put right."""

    finding: Finding
    is_mended: bool = False


def as_document(results: Sequence[Result], unchecked: Mapping[str, str]) -> dict[str, Any]:
    """Return everything as JSON has it."""
    return {
        "findings": [{"kind": one.finding.kind, "is_mended": one.is_mended, **asdict(one.finding)} for one in results],
        "not_checked": [{"kind": kind, "reason": reason} for kind, reason in unchecked.items()],
    }


def show(console: Console, results: Sequence[Result], unchecked: Mapping[str, str], *, fix_command: str) -> None:
    """Print what was found and what to do next."""
    if results:
        console.print(_table(results))
    for kind, reason in unchecked.items():
        console.print(f"[yellow]not checked: {kind}s[/]: {escape(reason)}")
    console.print(f"{_counts(results, unchecked)}")
    for line in _next(results, fix_command):
        console.print(line)


def _table(results: Sequence[Result]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("finding", no_wrap=True)
    table.add_column("which", overflow="fold")
    table.add_column("what", overflow="fold")
    shown: Counter[str] = Counter()
    for one in results:
        kind = one.finding.kind
        shown[kind] += 1
        if shown[kind] <= MOST_ROWS:
            colour = "green" if one.is_mended else "red"
            which, what = _words(one.finding)
            table.add_row(f"[{colour}]{kind}[/]", escape(which), escape(what) + ("; mended" if one.is_mended else ""))
    for kind, number in shown.items():
        if number > MOST_ROWS:
            table.add_row(f"[red]{kind}[/]", f"and {number - MOST_ROWS} more", "--json lists all")
    return table


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


def _counts(results: Sequence[Result], unchecked: Mapping[str, str]) -> str:
    mended = sum(one.is_mended for one in results)
    if not results:
        return "[green]the rest adds up[/]" if unchecked else "[green]everything adds up[/]"
    return f"{len(results)} found, {mended} mended, {len(results) - mended} left"


def _next(results: Sequence[Result], fix_command: str) -> Sequence[str]:
    left = [one.finding for one in results if not one.is_mended]
    mendable = sum(isinstance(finding, MENDABLE) for finding in left)
    lines = [f"next: [cyan]{fix_command}[/] mends {mendable} of them"] if mendable else []
    kinds = {type(finding) for finding in left}
    return lines + [f"next: {advice}" for kind, advice in ADVICE.items() if kind in kinds]
