"""`pileus simulate`: what the scheduler would make of servers that came and went elsewhere."""

from __future__ import annotations

import gc
import io
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pileus.cli import simulate_screen
from pileus.cli.console import new_console
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.compute.agent.drivers.fake_host import RESOURCES
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.scheduler.catalog import WEIGHER_GROUP, new_scheduler
from pileus.compute.settings import SchedulerSettings, Settings
from pileus.placement.model.inventory import MAX_INT
from pileus.replay import chart
from pileus.replay.fake_hosts import FakeHosts, HostPlan
from pileus.replay.outcome import Outcome
from pileus.replay.replay import replay
from pileus.replay.request import Size
from pileus.replay.trace.file import read

MOST_HOSTS = 1_000_000
PLOTS = (".svg", ".html")
_MULTIPLIER = "_weight_multiplier"

FC = TypeVar("FC", bound=Callable[..., Any])


def _shapes(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> Sequence[Size]:
    return [_shape(value) for value in values]


def _shape(value: str) -> Size:
    words = [word.strip() for word in value.split(",")]
    if len(words) != 3 or not all(word.isdecimal() for word in words):
        raise click.BadParameter(f"'{value}' is no VCPUS,RAM_MB,DISK_GB, such as 64,262144,4000")
    size = Size(*map(int, words))
    if size.vcpus < 1 or size.memory_mb < 2 or max(size.amounts().values()) > MAX_INT:
        raise click.BadParameter(f"'{value}': a host has a CPU, some memory, and of nothing more than {MAX_INT}")
    return size


def _multipliers(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> Mapping[str, float]:
    """Return the weighers that were named, with their multipliers."""
    multipliers = {}
    for value in values:
        name, _, number = value.partition("=")
        multipliers[name] = _number(number)
        if not math.isfinite(multipliers[name]):
            raise click.BadParameter(f"'{value}' is no NAME=MULTIPLIER, such as ram=-1")
        if name not in (known := (*_built_in(), *_others())):
            raise click.BadParameter(f"there is no weigher '{name}'; known are: {', '.join(known)}")
    return multipliers


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _built_in() -> Sequence[str]:
    names = SchedulerSettings.__struct_fields__
    return [name.removesuffix(_MULTIPLIER) for name in names if name.endswith(_MULTIPLIER)]


def _others() -> Sequence[str]:
    return sorted(found.name for found in entry_points(group=WEIGHER_GROUP))


def _plot(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix not in PLOTS:
        raise click.BadParameter(f"'{value}' ends in none of {', '.join(PLOTS)}")
    return value


def _require_ratio(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no ratio")
    return value


def _ratio(resource: str, words: str) -> Callable[[FC], FC]:
    return click.option(
        f"--{resource}-allocation-ratio",
        f"{resource}_ratio",
        type=click.FloatRange(min=0, min_open=True),
        callback=_require_ratio,
        help=f"How many times {words} is promised.",
    )


@click.command("simulate")
@click.argument("file", metavar="TRACE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--hosts", "count", type=click.IntRange(1, MOST_HOSTS), default=100, show_default=True, help="How many hosts."
)
@click.option(
    "--host-shape",
    "sizes",
    metavar="VCPUS,RAM_MB,DISK_GB",
    multiple=True,
    default=(f"{RESOURCES.vcpus},{RESOURCES.memory_mb},{RESOURCES.disk_gb}",),
    show_default=True,
    callback=_shapes,
    help="What a host has. Given several times, shapes take turns.",
)
@click.option(
    "--zone",
    "zones",
    metavar="NAME",
    multiple=True,
    default=(DEFAULT_ZONE,),
    show_default=True,
    help="A host's availability zone. Given several times, zones take turns.",
)
@_ratio("cpu", "a CPU")
@_ratio("ram", "memory")
@_ratio("disk", "disk")
@click.option(
    "--weigher",
    "multipliers",
    metavar="NAME=MULTIPLIER",
    multiple=True,
    callback=_multipliers,
    help="How much a weigher counts, such as ram=-1.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Take no more than the first so many servers.")
@click.option(
    "--sample", "share", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Take a share of the servers."
)
@click.option(
    "--seed",
    type=int,
    help="Which servers are of the sample, in which order those come that come at the same moment, and which of "
    "several hosts is taken where it is by chance.",
)
@click.option("--plot", metavar="FILE", type=click.Path(path_type=Path), callback=_plot, help="Draw it: .svg, .html.")
@click.option("--json", "is_json", is_flag=True, help="Print everything as one JSON document.")
@state_option
@settings_option
def command(
    file: Path,
    count: int,
    sizes: Sequence[Size],
    zones: Sequence[str],
    cpu_ratio: float | None,
    ram_ratio: float | None,
    disk_ratio: float | None,
    multipliers: Mapping[str, float],
    limit: int | None,
    share: float,
    seed: int | None,
    plot: Path | None,
    is_json: bool,
    state_path: Path | None,
    settings_path: Path | None,
) -> None:
    """Replay TRACE against the scheduler, on fake hosts: who finds one, how full they get, how long it takes.

    TRACE is a table (CSV) or documents (JSON) of servers with their times, the vmtable.csv of the Azure Public Dataset,
    or its trace for packing; .gz is read too. Filters and weighers are those of the settings file. No cloud needs to
    run, and nothing of it is touched.
    """
    gc.set_threshold(50_000, 50, 50)  # as the cloud does
    ratios = {"cpu_allocation_ratio": cpu_ratio, "ram_allocation_ratio": ram_ratio, "disk_allocation_ratio": disk_ratio}
    settings = _chosen(settings_of(state_of(state_path), file=settings_path).compute, ratios, multipliers)
    dice = random.Random(seed)  # noqa: S311 (nobody must not guess it)
    scheduler = replace(new_scheduler(settings), chance=dice.randrange)
    trace = read(file, sizes[0], limit=limit, share=share, seed=seed)
    hosts = FakeHosts(HostPlan(count=count, sizes=sizes, zones=zones), settings)
    with _bar(len(trace.requests), is_hidden=is_json) as progress:
        outcome = replay(trace, hosts, scheduler, settings, progress=progress)
    if is_json:
        click.echo(msgspec.json.encode(_document(outcome)))
    else:
        new_console().print(simulate_screen.as_screen(file.name, outcome))
    if plot is not None:
        plot.write_text(_drawn(plot, file.name, outcome), encoding="utf-8")


def _chosen(settings: Settings, ratios: Mapping[str, float | None], multipliers: Mapping[str, float]) -> Settings:
    """Return compute's settings with the command line's over them."""
    given = {name: ratio for name, ratio in ratios.items() if ratio is not None}
    scheduler, built_in = settings.scheduler, _built_in()
    ours = {f"{name}{_MULTIPLIER}": number for name, number in multipliers.items() if name in built_in}
    others = {name: number for name, number in multipliers.items() if name not in built_in}
    custom = {**scheduler.custom_weighers, **others}
    chosen = msgspec.structs.replace(scheduler, custom_weighers=custom, **ours)
    return msgspec.structs.replace(settings, scheduler=chosen, **given)


@contextmanager
def _bar(total: int, *, is_hidden: bool) -> Iterator[Callable[[int, int], None]]:
    console = new_console()
    columns = (
        TextColumn("replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} without a host"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=is_hidden or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total, failed=0)
        yield lambda done, failed: bar.update(task, completed=done, failed=failed)


def _drawn(file: Path, trace: str, outcome: Outcome) -> str:
    """Return what a file of that name shall hold."""
    title = f"{trace}: {outcome.placed} of {outcome.servers} servers on {outcome.hosts} hosts"
    if file.suffix == ".svg":
        return chart.as_svg(title, outcome)
    console = Console(file=io.StringIO(), record=True, width=120, highlight=False)
    console.print(simulate_screen.as_screen(trace, outcome))
    return chart.as_page(title, outcome, console.export_html(inline_styles=True, code_format="{code}"))


def _document(outcome: Outcome) -> dict[str, Any]:
    """Return all of it as JSON has it."""
    lost = [{**asdict(one), "share": one.share} for one in outcome.fragmentations]
    return {**asdict(outcome), "failed": outcome.failed, "fragmentations": lost}
