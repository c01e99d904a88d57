"""What was measured, as tables: in the terminal, and in Markdown."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rich.console import Console
from rich.table import Table as RichTable

CONSOLE = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
MANY = 20  # samples, from which on a percentile says more than the extremes


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured several times."""

    samples: Sequence[float]
    unit: str
    digits: int = 1

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    def text(self) -> str:
        """Return the median with its unit, and how far the samples are from each other."""
        if len(self.samples) == 1:
            return f"{self._number(self.median)} {self.unit}".rstrip()
        return f"{self._number(self.median)} {self.unit} ({self._spread()})"

    def _spread(self) -> str:
        if len(self.samples) >= MANY:
            return f"p95 {self._number(statistics.quantiles(self.samples, n=20)[-1])}"
        return f"{self._number(min(self.samples))} to {self._number(max(self.samples))}"

    def _number(self, value: float) -> str:
        return f"{value:,.{self.digits}f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement on both sides; `better` says how many times better Pileus does, where both can do it.

    Where the originals cannot, there may be a word about it.
    """

    what: str
    pileus: Figure | None
    originals: Figure | str | None = None
    is_more_better: bool = False
    has_ratio: bool = True
    aim: str = ""
    is_met: bool = True

    @property
    def better(self) -> float | None:
        ours, theirs = self.pileus, self.originals
        if not (self.has_ratio and ours and isinstance(theirs, Figure) and ours.median and theirs.median):
            return None
        ratio = theirs.median / ours.median
        return 1 / ratio if self.is_more_better else ratio

    def cells(self) -> list[str]:
        """Return the texts of the columns."""
        sides = [side.text() if isinstance(side, Figure) else side or "" for side in (self.pileus, self.originals)]
        better = "" if self.better is None else f"{self.better:,.{1 if self.better < 10 else 0}f}"
        aim = f"{'✔' if self.is_met else '✘'} {self.aim}" if self.aim else ""
        return [self.what, *sides, better, aim]


@dataclass(slots=True)
class Table:
    """Measurements that belong together, and what one must know to read them."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: str = ""

    def heads(self) -> list[str]:
        return ["", "Pileus", "originals", "times better", "aim"]

    def show(self, console: Console) -> None:
        """Print it."""
        console.print(f"\n[bold]{self.title}[/]")
        table = RichTable(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for head in self.heads():
            table.add_column(head, justify="left" if head in ("", "aim") else "right", overflow="fold")
        for row in self.rows:
            cells = row.cells()
            cells[-1] = f"[{'green' if row.is_met else 'red'}]{cells[-1]}[/]"
            table.add_row(*cells)
        console.print(table)
        console.print(f"[dim]{self.notes}[/]")

    def markdown(self) -> str:
        """Return it as Markdown."""
        lines = [f"## {self.title}", "", f"| {' | '.join(self.heads())} |", "|---|--:|--:|--:|---|"]
        lines += [f"| {' | '.join(row.cells())} |" for row in self.rows]
        return "\n".join([*lines, "", self.notes, ""])


def say(text: str) -> None:
    """Tell what is being done."""
    CONSOLE.print(f"[dim]{time.strftime('%H:%M:%S')}  {text} …[/]")


def document(title: str, command: str, introduction: str, description: str, tables: Sequence[Table]) -> str:
    """Return a whole page of Markdown, which `command` wrote."""
    again = (
        f"To do it again: `{command}`. [bench/README.md](../bench/README.md) says what it needs, and how it measures."
    )
    head = [f"<!-- Written by `{command}`. -->", f"# {title}", "", introduction, "", description, "", again, ""]
    return "\n".join([*head, *(table.markdown() for table in tables)]).rstrip() + "\n"


def at_most(what: str, pileus: Figure, originals: Figure | str | None, limit: float) -> Row:
    """Return a row whose aim is a number to stay below."""
    return Row(what, pileus, originals, aim=f"< {limit:g} {pileus.unit}", is_met=pileus.median < limit)


def at_least(what: str, pileus: Figure, originals: Figure | str | None, limit: float) -> Row:
    """Return a row whose aim is a number to exceed."""
    is_met = pileus.median > limit
    return Row(what, pileus, originals, is_more_better=True, aim=f"> {limit:g} {pileus.unit}", is_met=is_met)


def times_better(
    what: str, pileus: Figure, originals: Figure | str | None, times: float, *, is_more_better: bool = False
) -> Row:
    """Return a row whose aim is to be so many times better; without the originals there is no telling."""
    row = Row(what, pileus, originals, is_more_better)
    if row.better is None:
        return row
    return replace(row, aim=f"{times:g} times", is_met=row.better >= times)
