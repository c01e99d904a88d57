"""Measure Pileus beside the originals: python -m bench [--no-originals] [--only PART,…] [--output FILE]."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import boot, latency, memory, start, transfer
from bench.client import Client
from bench.cloud import Cloud, Originals, Pileus, free_offset, running
from bench.compute.run import PART as COMPUTE
from bench.identity.run import PART as IDENTITY
from bench.image.run import PART as IMAGE
from bench.memory import Phase
from bench.occasion import Occasion, occasion
from bench.placement.run import PART as PLACEMENT
from bench.report import CONSOLE, Table, document, say
from bench.start import Starts

ROOT = Path(__file__).parent.parent
CLOUD_PARTS = ("start", "memory", "server", "transfer", "calls")
WITH_A_PAGE = (PLACEMENT, IDENTITY, IMAGE, COMPUTE)
PARTS = (*CLOUD_PARTS, *(part.name for part in WITH_A_PAGE))
INTRODUCTION = (
    "Pileus beside Keystone, Glance, Placement and Nova, in one run on one machine. The originals run as in "
    "production: each API under uwsgi with 2 processes of 4 threads, with MariaDB, RabbitMQ and memcached, no TLS, "
    "and nova-compute's fake driver. Where there is more than one sample, the number is the median, and behind it "
    "are the lowest and the highest, or the 95th percentile. [Placement's searches](benchmarks-placement.md), "
    "[identity's tokens and lists](benchmarks-identity.md) and [image's bytes and lists](benchmarks-image.md) are "
    "measured on their own."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and how often."""

    parts: frozenset[str]
    has_originals: bool
    guest: Path
    size_mib: int
    empty_starts: int = 3
    starts: int = 5
    guests: int = 5
    pretended: int = 15
    rounds: int = 60
    transfers: int = 3

    def wants(self, *parts: str) -> bool:
        """Tell whether any of these is to be measured."""
        return bool(self.parts & set(parts))


@dataclass(slots=True)
class Bench:
    """All of it, in the order in which it disturbs itself the least: each side alone, then both turn and turn about."""

    plan: Plan
    folder: Path
    offset: int
    starts: dict[str, tuple[Starts, Starts]] = field(default_factory=dict)
    memory: dict[str, list[Phase]] = field(default_factory=lambda: {"ours": [], "theirs": []})
    guests: tuple[boot.Boots, boot.Boots] = field(default_factory=lambda: (boot.Boots(), boot.Boots()))
    tables: list[Table] = field(default_factory=list)

    def run(self) -> list[Table]:
        """Measure; return the tables."""
        self.starts = {"ours": (Starts(), Starts()), "theirs": (Starts(), Starts())}
        originals = Originals(self.folder / "originals", self.offset)
        self._alone()
        with contextlib.ExitStack() as stack:
            clouds: list[tuple[Cloud, Client]] = []
            if self.plan.has_originals:
                clouds.append((originals, stack.enter_context(self._originals_alone(originals))))
            if self.plan.wants("memory", "server", "transfer", "calls"):
                pileus = self._pileus("fake", 9)
                clouds.insert(0, (pileus, stack.enter_context(running(pileus))))
                self._together(clouds)
        if self.plan.wants("memory"):
            self.tables.append(memory.table(self.memory["ours"], self.memory["theirs"]))
        if self.plan.wants("start"):
            self.tables.append(start.table(self.starts["ours"], self.starts["theirs"]))
        return sorted(self.tables, key=lambda table: table.title)

    def _alone(self) -> None:
        """Pileus with libvirt."""
        plan, (anew, again) = self.plan, self.starts["ours"]
        cloud = self._pileus("libvirt", 0)
        if plan.wants("start"):
            for number in range(1, plan.empty_starts):
                say(f"Pileus from an empty state, {number} of {plan.empty_starts}")
                start.start_anew(anew, self._pileus("libvirt", number), plan.guest)
            say(f"Pileus from an empty state, {plan.empty_starts} of {plan.empty_starts}")
            start.start_anew(anew, cloud, plan.guest)
            say(f"Pileus from an existing state, {plan.starts} times")
            start.start_again(again, cloud, plan.starts)
        if not plan.wants("memory", "server"):
            return
        with running(cloud) as client:
            if plan.wants("memory"):
                say("Pileus, idle")
                self.memory["ours"] = memory.measure(cloud, client)
            if plan.wants("server"):
                say(f"real guests, {2 * plan.guests}")
                boot.wait_for_room(client)
                self.guests = boot.measure_guests(client, plan.guest, plan.guests)

    @contextlib.contextmanager
    def _originals_alone(self, originals: Originals) -> Iterator[Client]:
        """The originals; they go on running for the length of the block."""
        anew, again = self.starts["theirs"]
        try:
            say("the originals from an empty state")
            if self.plan.wants("start"):
                start.start_anew(anew, originals, None)
                say("the originals from an existing state")
            client = start.start_timed(again, originals)
            client.log_in()  # the catalog may have been empty the first time
            if self.plan.wants("memory"):
                say("the originals, idle")
                self.memory["theirs"] = memory.measure(originals, client)
            yield client
        finally:
            originals.stop()

    def _together(self, clouds: Sequence[tuple[Cloud, Client]]) -> None:
        """Both turn and turn about, both with pretended guests."""
        plan, clients = self.plan, [client for _, client in clouds]
        for client in clients:
            client.log_in()
            boot.wait_for_room(client)
        if plan.wants("server"):
            say(f"pretended guests, {plan.pretended} on each side")
            self.tables.append(boot.table(self.guests, boot.measure_pretended(clients, plan.pretended)))
        if plan.wants("transfer"):
            say(f"an image of {plan.size_mib} MiB, {plan.transfers} times on each side")
            content = transfer.Content(plan.size_mib)
            rate = transfer.disk_rate(self.folder, content)
            self.tables.append(transfer.table(transfer.measure(clouds, content, plan.transfers), content, rate))
        if plan.wants("calls"):
            say(f"common calls, {plan.rounds} times on each side")
            for client in clients:
                latency.prepare(client)
            self.tables.append(latency.table(latency.measure(clients, plan.rounds)))
        if plan.wants("memory"):
            say("all, idle")
            for name, (cloud, _) in zip(("ours", "theirs"), clouds, strict=False):
                self.memory[name].append(memory.measure_last(cloud))

    def _pileus(self, driver: str, number: int) -> Pileus:
        return Pileus(self.folder / f"pileus-{driver}-{number}", self.offset, driver)


def main() -> None:
    """Run what the command line asks for."""
    chosen = _arguments()
    parts = frozenset(chosen.only.split(",")) if chosen.only else frozenset(PARTS)
    plan = Plan(parts, not chosen.no_originals, chosen.guest.absolute(), chosen.size_mib)
    if plan.wants(*CLOUD_PARTS):
        with occasion(chosen.folder) as run:
            _measure_clouds(plan, run, chosen.output)
    for part in WITH_A_PAGE:
        if plan.wants(part.name):
            with occasion(chosen.folder) as run:
                part.measure_and_tell(run, part.rows, has_originals=plan.has_originals, output=chosen.output)


def _measure_clouds(plan: Plan, run: Occasion, output: Path | None) -> None:
    if plan.has_originals:
        Originals.install()
    tables = Bench(plan, run.folder, free_offset()).run()
    for table in tables:
        table.show(CONSOLE)
    CONSOLE.print(f"\n[dim]{run.describe()}[/]")
    is_whole = plan.has_originals and plan.parts.issuperset(CLOUD_PARTS)
    output = output or (ROOT / "docs" / "benchmarks.md" if is_whole else None)
    if output:
        output.write_text(document("Benchmarks", "make bench", INTRODUCTION, run.describe(), tables))
        CONSOLE.print(f"[dim]written to {output}[/]")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measure Pileus beside the services it stands in for.")
    parser.add_argument("--no-originals", action="store_true", help="measure Pileus alone")
    parser.add_argument("--only", metavar="PART,…", help=f"measure only these of {', '.join(PARTS)}")
    parser.add_argument("--output", type=Path, help="write Markdown there (a whole run writes docs/benchmarks.md)")
    parser.add_argument("--size-mib", type=int, default=1024, help="of the image that is sent (default: 1024)")
    parser.add_argument("--guest", type=Path, default=ROOT / "guest" / "build" / "pileus-guest.qcow2")
    parser.add_argument("--folder", help="where the states are made (default: the system's temporary folder)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
