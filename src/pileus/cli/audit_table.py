"""What an audit found, for people and for programs."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pileus.cli.console import new_console

MOST_ROWS = 20  # of each kind, on a terminal or not; --json has all


class Finding(Protocol):
    """One thing that does not add up: a dataclass."""

    kind: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


F = TypeVar("F", bound=Finding)


@dataclass(frozen=True, slots=True)
class Words(Generic[F]):
    """How a service speaks of its findings."""

    tell: Callable[[F], tuple[str, str]]  # which thing a finding is about, and what is the matter with it
    is_mendable: Callable[[F], bool]
    advice: Mapping[type[F], str]  # what to do about what cannot be mended


@dataclass(frozen=True, slots=True)
class Result(Generic[F]):
    """A finding and whether it was put right."""

    finding: F
    is_mended: bool = False


def report(
    words: Words[F], results: Sequence[Result[F]], unchecked: Mapping[str, str], *, is_fixing: bool, is_json: bool
) -> None:
    """Print everything and end: 1 if something is left to put right, 3 if only something was not checked, else 0."""
    if is_json:
        click.echo(msgspec.json.encode(as_document(results, unchecked)))
    else:
        fix_command = shlex.join(["pileus", *sys.argv[1:], *(() if is_fixing else ("--fix",))])
        show(new_console(), words, results, unchecked, fix_command=fix_command)
    if any(not one.is_mended for one in results):
        sys.exit(1)
    sys.exit(3 if unchecked else 0)


def as_document(results: Sequence[Result[F]], unchecked: Mapping[str, str]) -> dict[str, Any]:
    """Return everything as JSON has it."""
    return {
        "findings": [{"kind": one.finding.kind, "is_mended": one.is_mended, **asdict(one.finding)} for one in results],
        "not_checked": [{"kind": kind, "reason": reason} for kind, reason in unchecked.items()],
    }


def show(
    console: Console,
    words: Words[F],
    results: Sequence[Result[F]],
    unchecked: Mapping[str, str],
    *,
    fix_command: str,
) -> None:
    """Print what was found and what to do next."""
    if results:
        console.print(_table(words, results))
    for kind, reason in unchecked.items():
        console.print(f"[yellow]not checked: {kind}[/]: {escape(reason)}")
    console.print(f"{_counts(results, unchecked)}")
    for line in _next(words, results, fix_command):
        console.print(line)


def _table(words: Words[F], results: Sequence[Result[F]]) -> Table:
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
            which, what = words.tell(one.finding)
            table.add_row(f"[{colour}]{kind}[/]", escape(which), escape(what) + ("; mended" if one.is_mended else ""))
    for kind, number in shown.items():
        if number > MOST_ROWS:
            table.add_row(f"[red]{kind}[/]", f"and {number - MOST_ROWS} more", "--json lists all")
    return table


def _counts(results: Sequence[Result[F]], unchecked: Mapping[str, str]) -> str:
    mended = sum(one.is_mended for one in results)
    if not results:
        return "[green]the rest adds up[/]" if unchecked else "[green]everything adds up[/]"
    return f"{len(results)} found, {mended} mended, {len(results) - mended} left"


def _next(words: Words[F], results: Sequence[Result[F]], fix_command: str) -> Sequence[str]:
    left = [one.finding for one in results if not one.is_mended]
    mendable = sum(map(words.is_mendable, left))
    lines = [f"next: [cyan]{fix_command}[/] mends {mendable} of them"] if mendable else []
    kinds = {type(finding) for finding in left}
    return lines + [f"next: {advice}" for kind, advice in words.advice.items() if kind in kinds]
