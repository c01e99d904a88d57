"""`pileus image audit`: whether the rows of images and the bytes in the stores agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from pileus.cli import audit_table
from pileus.cli.audit_table import Result
from pileus.cli.image_part import Part, open_part
from pileus.cli.image_words import WORDS
from pileus.cli.options import settings_option, state_option
from pileus.image.model.audit import Finding
from pileus.image.operations import audit as operations
from pileus.kit.clock import SystemClock
from pileus.kit.errors import Unavailable


@click.command("audit")
@state_option
@settings_option
@click.option("--fix", is_flag=True, help="Put right what needs no choice of yours.")
@click.option("--json", "is_json", is_flag=True, help="Print everything as one JSON document.")
def command(state_path: Path | None, settings_path: Path | None, fix: bool, is_json: bool) -> None:
    """Hold the rows of images against the bytes in the stores. The cloud may run meanwhile.

    \b
    orphaned bytes  no row knows of them                     --fix deletes them, if their name is an upload's
    missing bytes   a copy of an image is not in its store   --fix forgets it, if there is another one
    wrong size      a copy is not as long as its image       --fix deletes it, if there is another one
    no bytes        an image says it is whole, and is not
    stuck image     whoever brought an image's bytes is gone --fix makes it what it was before
    stale copy      of no image any more, in this host's cache  --fix deletes it

    A store of what others keep, or in a process's memory, is left out.

    \b
    Exit code: 0  nothing is left to put right
               1  something is
               3  nothing that could be checked, but a store did not answer
    """  # noqa: D301 (click reads \b)
    with open_part(state_path, settings_path) as part:
        found, unchecked = _look(part)
        results = [Result(one, fix and _mend(part, one)) for one in found]
    audit_table.report(WORDS, results, unchecked, is_fixing=fix, is_json=is_json)


def _look(part: Part) -> tuple[Sequence[Finding], Mapping[str, str]]:
    """Return what is found, and which stores could not be looked into, and why."""
    found: list[Finding] = []
    unchecked: dict[str, str] = {}
    for name, store in part.stores.items():
        try:
            orphans = operations.list_orphans(part.database, name, store)
            if orphans is not None:
                found += [*orphans, *operations.list_bad_copies(part.database, {name: store})]
        except (OSError, Unavailable) as error:
            unchecked[f"store {name}"] = store.problem() or str(error)
    if part.cache is not None:
        found += operations.list_stale_copies(part.database, part.cache)
    return [*found, *operations.list_odd_images(part.database)], unchecked


def _mend(part: Part, finding: Finding) -> bool:
    try:
        return operations.mend(part.database, part.stores, finding, now=SystemClock().now(), cache=part.cache)
    except (OSError, Unavailable):
        return False
