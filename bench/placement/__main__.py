"""Measure placement beside the original: python -m bench.placement [--no-originals] [--rows NAME,…] [--output FILE]."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.occasion import occasion
from bench.placement.run import ROWS, measure_and_tell


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="bench.placement", description="Measure placement beside the original.")
    parser.add_argument("--no-originals", action="store_true", help="measure Pileus alone")
    parser.add_argument("--rows", metavar="NAME,…", help=f"measure only these of {', '.join(ROWS)}")
    parser.add_argument("--output", type=Path, help="write Markdown there (a whole run writes the page in docs)")
    parser.add_argument("--folder", help="where the states are made (default: the system's temporary folder)")
    chosen = parser.parse_args()
    names = tuple(chosen.rows.split(",")) if chosen.rows else ROWS
    if strange := set(names) - set(ROWS):
        parser.error(f"there are no rows {', '.join(sorted(strange))}; there are {', '.join(ROWS)}")
    with occasion(chosen.folder) as run:
        measure_and_tell(run, names, has_originals=not chosen.no_originals, output=chosen.output)


if __name__ == "__main__":
    main()
