"""A part of the benchmarks with a page of its own: one service beside its original."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.alone import install
from bench.cloud import free_offset
from bench.occasion import Occasion, occasion
from bench.report import CONSOLE, Row, Table, document

DOCS = Path(__file__).parent.parent / "docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is measured of one service, and what is said about it."""

    name: str  # of the part, and of the page
    original: str  # what bench/peers calls the original; nothing where all are needed
    rows: Sequence[str]
    measure: Callable[[Path, int, Sequence[str], bool], list[Row]]  # folder, port offset, rows, with the original?
    introduction: str
    notes: str

    def measure_and_tell(
        self, run: Occasion, names: Sequence[str], *, has_originals: bool, output: Path | None
    ) -> None:
        """Measure these rows, show them, and write them if they are all there are, or if `output` says where."""
        if has_originals:
            install(self.original)
        rows = self.measure(run.folder, free_offset(), names, has_originals)
        table = Table(self.name.capitalize(), rows, self.notes)
        table.show(CONSOLE)
        CONSOLE.print(f"\n[dim]{run.describe()}[/]")
        page = DOCS / f"benchmarks-{self.name}.md"
        output = output or (page if has_originals and set(names) == set(self.rows) else None)
        if output:
            title, command = f"Benchmarks of {self.name}", f'make bench ARGS="--only {self.name}"'
            output.write_text(document(title, command, self.introduction, run.describe(), [table]))
            CONSOLE.print(f"[dim]written to {output}[/]")

    def main(self) -> None:
        """Run what the command line asks for."""
        parser = argparse.ArgumentParser(
            prog=f"bench.{self.name}", description=f"Measure {self.name} beside the original."
        )
        parser.add_argument("--no-originals", action="store_true", help="measure Pileus alone")
        parser.add_argument("--rows", metavar="NAME,…", help=f"measure only these of {', '.join(self.rows)}")
        parser.add_argument("--output", type=Path, help="write Markdown there (a whole run writes the page in docs)")
        parser.add_argument("--folder", help="where the states are made (default: the system's temporary folder)")
        chosen = parser.parse_args()
        names = tuple(chosen.rows.split(",")) if chosen.rows else tuple(self.rows)
        if strange := set(names) - set(self.rows):
            parser.error(f"there are no rows {', '.join(sorted(strange))}; there are {', '.join(self.rows)}")
        with occasion(chosen.folder) as run:
            self.measure_and_tell(run, names, has_originals=not chosen.no_originals, output=chosen.output)


def told(measured: list[Row]) -> list[Row]:
    """Show rows as soon as they are there; return them."""
    for row in measured:
        what, ours, theirs, better, aim = row.cells()
        CONSOLE.print(f"    {what}: {ours}" + (f", original {theirs}" if theirs else "") + f"  {better}  {aim}")
    return measured
