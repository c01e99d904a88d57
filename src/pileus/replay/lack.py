"""Why no host has room: asked of the index's pages, as a search asks them."""

from __future__ import annotations

from pileus.compute.scheduler.ask import Ask
from pileus.compute.scheduler.prefilter import Narrowed
from pileus.placement.index.page import Page
from pileus.placement.index.search import member_in
from pileus.placement.index.snapshot import Snapshot
from pileus.placement.model.request_group import AggregateWish


def lack(snapshot: Snapshot, ask: Ask, narrow: Narrowed) -> str:
    """Return what no host has of what is asked for: the first that would be missing even if nothing else were asked."""
    wish = AggregateWish(narrow.member_of, narrow.not_member_of)
    within = [(page, member_in(page, wish, is_of_one_provider=False)) for page in snapshot.pages]
    if not any(members for _, members in within):
        return "no host is in an aggregate that it may be in"
    return _lack_of_traits(within, ask, narrow) or _lack_of_room(within, ask)


_Within = list[tuple[Page, int]]
"""Pages, and who of each may be taken at all."""


def _lack_of_traits(within: _Within, ask: Ask, narrow: Narrowed) -> str:
    for trait in sorted(ask.required_traits | narrow.required):
        if not any(members & page.with_any_trait([trait]) for page, members in within):
            return f"no host has the trait {trait}"
    for trait in sorted(ask.forbidden_traits):
        if not any(members & ~page.with_any_trait([trait]) for page, members in within):
            return f"every host has the trait {trait}"
    return ""


def _lack_of_room(within: _Within, ask: Ask) -> str:
    for name, amount in ask.resources.items():
        columns = [(column, members) for page, members in within if (column := page.column(name)) is not None]
        if not any(members & column.having() for column, members in columns):
            return f"no host has any {name}"
        if not any(members & column.allowing(amount) for column, members in columns):
            return f"no host is large enough in {name}"
    wanted = ask.resources.items()
    full = [name for name, amount in wanted if not any(members & page.able({name: amount}) for page, members in within)]
    if full:
        return f"no host has so much {' or '.join(sorted(full))} left"
    return "no host has all of it: what is left of one thing is where nothing is left of another"
