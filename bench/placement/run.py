"""The order of things: one world after the other, each on both sides."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.alone import running
from bench.part import Part, told
from bench.placement import index, rows, world
from bench.placement.sides import PILEUS_PORT, Original, Pileus, Side
from bench.placement.world import World
from bench.report import Row, say

FLAT, TREES, LARGE, LARGE_TRAITS = 10_000, 1_000, 100_000, 10

Measure = Callable[[Sequence[Side], World], list[Row]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A world, and what is measured in it; in the last of them, something is written."""

    name: str
    make: Callable[[], World]
    measures: dict[str, Measure]
    has_original: bool = True
    has_third: bool = False  # Pileus on the original's MariaDB too


STAGES = (
    Stage(
        f"{FLAT:,} providers",
        lambda: world.flat(FLAT, 1),
        {"candidates": rows.candidates, "all": rows.all_candidates, "reads": rows.reads, "writes": rows.writes},
        has_third=True,
    ),
    Stage("one wide host", world.wide, {"wide": rows.wide}),
    Stage(f"{TREES:,} trees", lambda: world.nested(TREES), {"nested": rows.nested}),
    Stage(f"{LARGE:,} providers", lambda: world.flat(LARGE, LARGE_TRAITS), {"large": rows.large}, has_original=False),
)
ROWS = (*(name for stage in STAGES for name in stage.measures), "index")
INTRODUCTION = (
    "Pileus' placement beside openstack-placement 16.0.0: the same providers, the same requests, in one run on one "
    "machine, to one side after the other. The original runs as in production, under uwsgi with 2 processes of 4 "
    "threads, on MariaDB with an fsync for each commit. Pileus is one process on its embedded SQLite, which syncs each "
    "commit too. Both take the caller's word for who it is (`auth_strategy = noauth2`). Where there is more than one "
    "sample, the number is the median, and behind it are the lowest and the highest, or the 95th percentile."
)
NOTES = (
    "Every search is first compared: both sides must answer the same candidates and the same summaries, in whatever "
    "order. A limited one leaves each side its choice. The providers came into both databases by SQL, from one seed. "
    "16 clients are one process on bare sockets, each with one request after the other until the time is over, and the "
    "clock stops at the last answer. The original closes the connection after each answer (uwsgi's `http-socket`): "
    "with connections kept open (`http11-socket`) eight clients take its eight threads and the other eight wait.\n\n"
    "Where an aim is missed: a short read takes 0.4 to 0.5 ms of processor. By py-spy and cProfile, 0.1 is uvicorn and "
    "the way to a handler's thread and back, 0.2 the request (routing, policy, a log line; 0.08 of it SQLAlchemy and "
    "SQLite), and the rest, with 16 clients, threads that wait for the interpreter: a process has one, and the load "
    "generator wants the other core, while the original has both cores for its answers. A thousand candidates of "
    "nested trees are 20 µs of Python for each tree and an answer of 2 MB. A commit is one fsync, about 2 ms here, and "
    "one client waits for each of its own."
)


def _measure(folder: Path, offset: int, names: Sequence[str], has_originals: bool) -> list[Row]:
    found: list[Row] = []
    for number, stage in enumerate(STAGES):
        wanted = [name for name in stage.measures if name in names]
        if not wanted:
            continue
        say(f"{stage.name}: writing them into the databases")
        made = stage.make()
        with _sides(folder / str(number), offset, stage, made, has_originals=has_originals) as sides:
            for name in wanted:
                say(f"{stage.name}: {name}")
                has_third = name in ("reads", "writes")
                found += told(stage.measures[name](sides if has_third else sides[:2], made))
    if "index" in names:
        say(f"{LARGE:,} providers: the index, {index.STARTS} starts without and with them")
        found += told(index.measure(folder / "index", PILEUS_PORT + offset, world.flat(LARGE, LARGE_TRAITS)))
    return found


@contextlib.contextmanager
def _sides(folder: Path, offset: int, stage: Stage, made: World, *, has_originals: bool) -> Iterator[list[Side]]:
    """Run Pileus, the original, and Pileus on the original's MariaDB: those of them that the stage has."""
    with contextlib.ExitStack() as stack:
        sides: list[Side] = [Pileus(folder / "pileus", PILEUS_PORT + offset)]
        stack.enter_context(running(sides[0], made))
        if has_originals and stage.has_original:
            original = Original(folder / "original", offset)
            stack.enter_context(running(original, made))
            sides.append(original)
            if stage.has_third:
                third = Pileus(folder / "third", PILEUS_PORT + offset + 1, original.new_database("pileus"))
                stack.enter_context(running(third, made))
                sides.append(third)
        yield sides


PART = Part(
    name="placement",
    original="placement",
    rows=ROWS,
    measure=_measure,
    introduction=INTRODUCTION,
    notes=NOTES,
)
