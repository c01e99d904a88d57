"""What came of a replay, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pileus.cli.top_screen import bar, percent, short
from pileus.replay.chart import lines_of, unit_of
from pileus.replay.outcome import PLACEMENT, Outcome
from pileus.replay.request import Size

COLUMNS = 55  # of what is drawn over time
BLOCKS = " ▁▂▃▄▅▆▇█"
MOST_REASONS = 20  # --json has all


def as_screen(name: str, outcome: Outcome) -> Group:
    """Return all of it: what was placed, how full the hosts are, how long it took, why some were not placed."""
    parts: list[RenderableType] = [_first(name, outcome), "", _uses(outcome), "", _fragmentations(outcome)]
    parts += ["", _latencies(outcome)]
    if outcome.failures:
        parts += ["", _failures(outcome)]
    return Group(*parts, "", _over_time(outcome))


def size_words(size: Size) -> str:
    """Return a size in words."""
    return ", ".join(f"{amount} {name}" for name, amount in size.amounts().items())


def _first(name: str, outcome: Outcome) -> Text:
    text = Text(f"{name}: {_servers(outcome.servers)} within {_span(outcome.trace_s)}, {outcome.hosts} hosts\n")
    text.append(f"{outcome.placed} placed", "green").append(", ")
    text.append(f"{outcome.failed} found no host", "red" if outcome.failed else "green")
    if outcome.left_out:
        text.append(f", {outcome.left_out} left out that the trace does not let run on such hosts")
    return text.append(f"; replayed in {outcome.replay_s:.1f} s")


def _servers(count: int) -> str:
    return f"{count} server{'s' if count != 1 else ''}"


def _span(span_s: float) -> str:
    unit_s, unit = unit_of(span_s)
    return f"{span_s / unit_s:.3g} {unit}"


def _table(first: str, *numbers: str, last: Sequence[str] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True)
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    for title in last:
        table.add_column(title, overflow="fold")
    return table


def _uses(outcome: Outcome) -> Table:
    table = _table("resource class", "capacity", "used", last=("at the end", "at most"))
    hosts = outcome.hosts
    rows = [(one.resource_class, one.capacity, one.used, one.most_used) for one in outcome.uses]
    for name, whole, used, most in (*rows, ("hosts in use", hosts, outcome.hosts_in_use, outcome.most_hosts_in_use)):
        table.add_row(name, short(whole), short(used), bar(used / (whole or 1)), percent(most / (whole or 1)))
    return table


def _fragmentations(outcome: Outcome) -> Table:
    table = _table("room for more of", "fit", "of", "lost", last=("size",))
    for one in outcome.fragmentations:
        table.add_row(one.name, short(one.fitting), short(one.pooled), f"{one.share:.0%}", size_words(one.size))
    return table


def _latencies(outcome: Outcome) -> Table:
    table = _table("milliseconds", "p50", "p90", "p99", "most", "mean")
    for one in outcome.latencies:
        table.add_row(one.name, *(f"{value:.2f}" for value in (one.p50, one.p90, one.p99, one.most, one.mean)))
    return table


def _failures(outcome: Outcome) -> Table:
    table = _table("refused by", "servers", "hosts", last=("such as",))
    for one in outcome.failures[:MOST_REASONS]:
        hosts = "all" if one.by == PLACEMENT else short(one.hosts)
        table.add_row(f"[red]{escape(one.by)}[/]", str(one.servers), hosts, escape(f"{one.server}: {one.reason}"))
    left = len(outcome.failures) - MOST_REASONS
    if left > 0:
        table.add_row("", "", "", f"and {left} more reasons; --json has all")
    return table


def _over_time(outcome: Outcome) -> Table:
    table = _table("over time", last=("",))
    for line in lines_of(outcome.samples):
        table.add_row(line.name, Text(blocks(line.shares), style=line.colour).append(f" {line.shares[-1]:4.0%}", ""))
    return table


def blocks(shares: Sequence[float]) -> str:
    """Return shares as a row of blocks."""
    width = min(COLUMNS, len(shares))
    chosen = [shares[number * len(shares) // width - 1] for number in range(1, width + 1)]
    return "".join(BLOCKS[round(min(share, 1.0) * (len(BLOCKS) - 1))] for share in chosen)
