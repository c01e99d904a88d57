"""`pileus placement`: whether its books add up, and how full everything is."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.live import Live

from pileus.cli import audit_table, top_screen
from pileus.cli.audit_table import Result
from pileus.cli.console import new_console
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.placement_words import WORDS
from pileus.cli.session import open_session
from pileus.cli.settings import settings_of
from pileus.cli.top_screen import Aggregates
from pileus.clients.compute import Compute
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.errors import Unavailable
from pileus.kit.state import StateDirectory
from pileus.placement.db import summary as summaries
from pileus.placement.model.audit import Finding, OrphanedConsumer
from pileus.placement.model.summary import Summary
from pileus.placement.operations import audit as operations
from pileus.wiring.database import migrations_of, new_database
from pileus.wiring.settings import Settings

IDLE = 4  # times as long as the sums took the database is left alone, however large it is

identity_option = click.option(
    "--identity", "identity_url", metavar="URL", help="Use somebody else's Keystone, such as http://host:5000/v3."
)


@click.group("placement")
def command() -> None:
    """Look into placement: whether its books add up, and how full everything is."""


@command.command()
@state_option
@settings_option
@identity_option
@click.option("--fix", is_flag=True, help="Put right what needs no choice of yours.")
@click.option(
    "--older-than",
    "minutes",
    metavar="MINUTES",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Ask compute only about allocations that old: younger ones may be of a server that is on its way.",
)
@click.option("--no-compute", is_flag=True, help="Leave orphaned consumers out, and ask no compute.")
@click.option("--json", "is_json", is_flag=True, help="Print everything as one JSON document.")
def audit(
    state_path: Path | None,
    settings_path: Path | None,
    identity_url: str | None,
    fix: bool,
    minutes: int,
    no_compute: bool,
    is_json: bool,
) -> None:
    """Hold placement's books against themselves and against compute's. The cloud may run meanwhile.

    \b
    orphaned consumer  its server or migration is no more    --fix takes all from it
    wrong use          what is used is counted wrong         --fix counts anew
    over capacity      more is held than there is
    no inventory       held of what the provider has not
    idle consumer      it holds nothing                      --fix removes it
    wrong root         a provider names another tree's root  --fix names the right one
    ring of providers  a provider is its own ancestor

    A consumer of another type than INSTANCE, such as a reservation, is never an orphan. One of unknown type is taken
    for compute's if it holds something of a provider with the trait COMPUTE_NODE, or of its tree. Where several
    computes share this placement, say --no-compute: each knows only its own servers.

    \b
    Exit code: 0  nothing is left to put right
               1  something is
               3  nothing that could be checked, but compute could not be asked
    """  # noqa: D301 (click reads \b)
    settings, state = _chosen(state_path, settings_path, identity_url)
    results: list[Result[Finding]] = []
    unchecked: dict[str, str] = {}
    with _open_database(settings, state) as database:
        try:
            orphans = () if no_compute else _list_orphans(settings, state, database, minutes)
            results += _results(database, orphans, fix=fix)
        except Unavailable as error:
            unchecked[OrphanedConsumer.kind] = error.reason
        with database.read() as tx:
            faults = operations.list_faults(tx)  # after the orphans, as what they gave back counts no more
        results += _results(database, faults, fix=fix)
    audit_table.report(WORDS, results, unchecked, is_fixing=fix, is_json=is_json)


def _list_orphans(
    settings: Settings, state: StateDirectory, database: Database, minutes: int
) -> Sequence[OrphanedConsumer]:
    before = SystemClock().now() - timedelta(minutes=minutes)
    with open_session(settings, state) as session:
        return operations.list_orphans(database, Compute(session), before=before)


def _results(database: Database, findings: Sequence[Finding], *, fix: bool) -> Sequence[Result[Finding]]:
    clock = SystemClock()
    return [Result(one, fix and operations.mend(database, one, now=clock.now())) for one in findings]


@command.command()
@state_option
@settings_option
@identity_option
@click.option("--once", is_flag=True, help="Print once and end; so it does too where the output is no terminal.")
@click.option(
    "--interval",
    "interval_s",
    metavar="SECONDS",
    type=click.FloatRange(min=0.2),
    default=5.0,
    show_default=True,
    help="How long to wait before looking again.",
)
def top(
    state_path: Path | None, settings_path: Path | None, identity_url: str | None, once: bool, interval_s: float
) -> None:
    """Show how full everything is, by resource class and by aggregate, the fullest aggregate first.

    Aggregates have their names if compute says them (Nova does since 2.41), else their UUIDs. Ctrl-C ends it.
    """
    settings, state = _chosen(state_path, settings_path, identity_url)
    console = new_console()
    with _open_database(settings, state) as database:
        names, trouble = _aggregate_names(settings, state)
        note = f"{state.path}{trouble}"
        if not console.is_terminal:
            console.print(top_screen.as_lines(*_summaries(database, names)))
        elif once:
            console.print(top_screen.as_screen(*_summaries(database, names), height=None, note=note))
        else:
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the terminal comes back as it was
            with suppress(KeyboardInterrupt), Live(console=console, screen=True, auto_refresh=False) as live:
                while True:
                    started = time.monotonic()
                    found, now = _summaries(database, names), f"{datetime.now().astimezone():%H:%M:%S}  {note}"
                    live.update(top_screen.as_screen(*found, height=console.height, note=now), refresh=True)
                    time.sleep(max(interval_s, IDLE * (time.monotonic() - started)))


def _summaries(database: Database, names: Mapping[str, str]) -> tuple[Sequence[Summary], Aggregates]:
    with database.read() as tx:
        everywhere, found = summaries.by_class(tx), summaries.by_aggregate(tx)
    ordered = sorted(found, key=lambda uuid: (-max(one.share for one in found[uuid]), uuid))
    return everywhere, {f"{names[uuid]} ({uuid})" if uuid in names else uuid: found[uuid] for uuid in ordered}


def _aggregate_names(settings: Settings, state: StateDirectory) -> tuple[Mapping[str, str], str]:
    """Return what compute calls aggregates; if it does not answer they keep their UUIDs, and the screen says why."""
    try:
        with open_session(settings, state) as session:
            return Compute(session).list_aggregate_names(), ""
    except Unavailable as error:
        return {}, f"  no names of aggregates: {error.reason}"


def _chosen(
    state_path: Path | None, settings_path: Path | None, identity_url: str | None
) -> tuple[Settings, StateDirectory]:
    state = state_of(state_path)
    state.prepare()
    return settings_of(state, file=settings_path, identity_url=identity_url), state


@contextmanager
def _open_database(settings: Settings, state: StateDirectory) -> Iterator[Database]:
    """Open placement's database. Raises SchemaDiffers."""
    with closing(new_database(settings, state, "placement")) as database:
        migrations_of("placement").require_newest(database)
        yield database
