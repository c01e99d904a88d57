"""One run of measurements: when it was, on what, and where its states are."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.report import CONSOLE


@dataclass(frozen=True, slots=True)
class Occasion:
    """A run; the states are in `folder`."""

    folder: Path
    load: float = field(default_factory=machine.load)
    source: str = field(default_factory=machine.source)
    began: float = field(default_factory=time.monotonic)

    def describe(self) -> str:
        """Return when it was, of what, and on what machine."""
        took_min = (time.monotonic() - self.began) / 60
        return (
            f"{time.strftime('%Y-%m-%d')}, commit {self.source}, on {machine.describe(self.folder)}. "
            f"The load was {self.load:.1f} before. All of it took {took_min:.0f} minutes."
        )


@contextlib.contextmanager
def occasion(parent: str | None) -> Iterator[Occasion]:
    """Give a run a folder, which is kept if the run fails."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which stops what runs
    run = Occasion(Path(tempfile.mkdtemp(prefix="pileus-bench-", dir=parent)))
    if run.load > machine.BUSY:
        CONSOLE.print(f"[yellow]The machine is busy (load {run.load:.1f}): the numbers will be worse.[/]")
    CONSOLE.print(f"[dim]states and logs: {run.folder} (kept if this fails)[/]")
    yield run
    shutil.rmtree(run.folder)
