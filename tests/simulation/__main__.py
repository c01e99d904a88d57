"""Let a storm rage over a pretended cloud: python -m tests.simulation [--seed N] [--hosts N] [--steps N] [--runs N]."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.simulation.storm import storm


def main() -> None:
    """Run storms, each with the next seed; the first that does not add up ends it, and says how to see it again."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--about", default="", help="what to tell of when it fails, such as a server's id")
    chosen = parser.parse_args()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), disable=not sys.stdout.isatty()) as progress:
        for seed in range(chosen.seed, chosen.seed + chosen.runs):
            task = progress.add_task(f"seed {seed}", total=chosen.steps)
            with (
                tempfile.TemporaryDirectory(prefix="pileus-storm-") as folder,
                storm(Path(folder), seed, chosen.hosts) as one,
            ):
                one.run(chosen.steps, lambda task=task: progress.advance(task), chosen.about)  # type: ignore[misc]
                counts = ", ".join(f"{count} {kind}" for kind, count in sorted(one.trace.counts.items()))
                progress.console.print(f"seed {seed}: everything adds up. {counts}")
                progress.console.print(one.trace.fingerprint, soft_wrap=True)


if __name__ == "__main__":
    main()
