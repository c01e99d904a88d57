"""How full placement's providers are: a screen for people, lines for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pileus.placement.model.summary import Summary

BAR = 6
WHOLE = 10_000  # numbers below it are shown as they are
UNITS = ("", "k", "M", "G", "T", "P", "E")
WARM, HOT = 0.75, 0.9  # shares from which a bar is yellow, and red

Aggregates = Mapping[str, Sequence[Summary]]
"""By name: what is in each."""


def as_lines(everywhere: Sequence[Summary], aggregates: Aggregates) -> Table:
    """Return a line for each aggregate and class, with whole numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("aggregate", "class"):
        table.add_column(title)
    for title in ("providers", "capacity", "reserved", "used", "free", "used%"):
        table.add_column(title, justify="right")
    for title in ("fullest", "used%"):
        table.add_column(title)
    for name, summaries in {"-": everywhere, **aggregates}.items():
        for one in summaries:
            numbers = (one.providers, int(one.capacity), one.reserved, one.used, int(one.free))
            shares = (f"{one.share:.1%}", escape(one.fullest), f"{one.fullest_share:.1%}")
            table.add_row(escape(name), one.resource_class, *map(str, numbers), *shares)
    return table


def as_screen(everywhere: Sequence[Summary], aggregates: Aggregates, *, height: int | None, note: str) -> Group:
    """Return a screen of some height (None: as high as it takes): everything, then the fullest aggregates."""
    parts: list[RenderableType] = [_line(note, "dim"), _table(everywhere, has_titles=True)]
    left = None if height is None else height - len(everywhere) - 3
    hidden = 0
    for name, summaries in aggregates.items():
        if left is not None and (hidden or left < len(summaries) + 1):
            hidden += 1
            continue
        parts += [_line(f"aggregate {name}", "bold"), _table(summaries)]
        left = None if left is None else left - len(summaries) - 1
    if hidden:
        parts.append(_line(f"and {hidden} less full aggregates: a higher window, or | less, shows them", "dim"))
    return Group(*parts)


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _table(summaries: Sequence[Summary], *, has_titles: bool = False) -> Table:
    """Return rows of 80 columns, or more; all tables divide the width alike."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=has_titles, header_style="bold")
    table.add_column("resource class", ratio=1, no_wrap=True)
    for title, width in (("prov", 5), ("capac", 5), ("resvd", 5), ("used", 5), ("free", 5)):
        table.add_column(title, justify="right", width=width, no_wrap=True)
    table.add_column("used", width=BAR + 5, no_wrap=True)
    table.add_column("fullest", ratio=1, no_wrap=True)
    table.add_column("used", justify="right", width=4, no_wrap=True)
    for one in summaries:
        numbers = (one.providers, one.capacity, one.reserved, one.used, one.free)
        table.add_row(
            one.resource_class, *map(short, numbers), bar(one.share), escape(one.fullest), percent(one.fullest_share)
        )
    return table


def short(amount: float) -> str:
    """Return a number in at most five characters, such as 1234, 12.3k, 123k and 1.23M."""
    if amount < WHOLE:
        return str(int(amount))
    power = 1
    while amount / 1000**power >= 999.5:
        power += 1
    return f"{amount / 1000**power:.3g}{UNITS[power]}"


def bar(share: float) -> Text:
    """Return a share as a bar and in percent."""
    filled = min(BAR, round(share * BAR))
    text = Text("█" * filled, style=_colour(share)).append("░" * (BAR - filled), style="dim")
    return text.append_text(Text(" ")).append_text(percent(share))


def percent(share: float) -> Text:
    """Return a share in percent, in its colour."""
    return Text(f"{share:4.0%}"[:4], style=_colour(share))


def _colour(share: float) -> str:
    return "red" if share >= HOT else "yellow" if share >= WARM else "green"
