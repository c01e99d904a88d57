"""What an audit found, in words."""

from __future__ import annotations

import io
import typing

import pytest
from rich.console import Console

from pileus.cli import audit_table
from pileus.cli.audit_table import MOST_ROWS, Result
from pileus.cli.placement_words import WORDS
from pileus.placement.model.audit import (
    MENDABLE,
    Finding,
    Held,
    IdleConsumer,
    OrphanedConsumer,
    OverCapacity,
    ProviderRing,
    UnstockedAllocation,
    WrongRoot,
    WrongUse,
)

OF_PROVIDER = {"provider_uuid": "p", "provider_name": "host[1]"}
OF_STOCK = {**OF_PROVIDER, "resource_class": "VCPU"}
FINDINGS: tuple[Finding, ...] = (
    OrphanedConsumer(consumer_uuid="c", consumer_type=None, generation=1, held=(Held(**OF_STOCK, used=2),)),
    WrongUse(**OF_STOCK, used=3, held=2),
    OverCapacity(**OF_STOCK, capacity=1.0, held=2),
    UnstockedAllocation(consumer_uuid="c", **OF_STOCK, held=2),
    IdleConsumer(consumer_uuid="c"),
    WrongRoot(**OF_PROVIDER, root_uuid="a", right_root_uuid="b"),
    ProviderRing(**OF_PROVIDER),
)


def shown(*results: Result[Finding]) -> list[str]:
    file = io.StringIO()
    audit_table.show(Console(file=file, width=200, highlight=False), WORDS, results, {}, fix_command="FIX")
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_every_kind_of_finding_is_here() -> None:
    assert {type(finding) for finding in FINDINGS} == set(typing.get_args(Finding))


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: str(one.kind))
def test_every_finding_has_words_and_something_to_do_next(finding: Finding) -> None:
    lines = shown(Result(finding))
    assert lines[1].startswith(finding.kind)
    assert lines[2] == "1 found, 0 mended, 1 left"
    assert lines[3].startswith("next: FIX mends 1" if isinstance(finding, MENDABLE) else f"next: {finding.kind}: ")
    if not isinstance(finding, IdleConsumer):
        assert "host[1]" in lines[1]


def test_many_findings_of_a_kind_are_counted_and_not_all_shown() -> None:
    idle: list[Result[Finding]] = [Result(IdleConsumer(consumer_uuid=f"c{n}")) for n in range(MOST_ROWS + 5)]
    lines = shown(*idle)
    assert len(lines) == 1 + MOST_ROWS + 1 + 2
    assert lines[MOST_ROWS + 1].split() == ["idle", "consumer", "and", "5", "more", "--json", "lists", "all"]
    assert lines[-2] == "25 found, 0 mended, 25 left"
