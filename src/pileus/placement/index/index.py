"""The index: all providers in memory, kept in step with the database by following its log of changes.

Every write appends to the log in its own transaction; every search first reads what has been appended, so it sees each
commit that came before it, whichever process made it. Ids of the log become visible out of order on PostgreSQL and
MariaDB: a gap in them is asked for again until it is filled or so old that its transaction must have been rolled back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.placement.db import change as changes
from pileus.placement.db import state as states
from pileus.placement.index.page import Page
from pileus.placement.index.snapshot import Snapshot
from pileus.placement.model.state import ProviderState

logger = log.get_logger("pileus.placement.index")

GAP_S = 120.0
"""How long a missing id is asked for: far longer than from taking it, a transaction's last statement, to its end."""
RECENT = 10_000
"""Among how many of the newest ids gaps are looked for when everything is loaded."""


@dataclass(frozen=True, slots=True)
class _View:
    """What is known, and up to where of the log."""

    snapshot: Snapshot
    last: int  # the greatest id that has been seen
    gaps: Mapping[int, float]  # missing id before it → monotonic time of noticing


class Index:
    """The providers of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._turn = threading.Lock()  # of whoever brings the view up to date
        self._view: _View | None = None
        self._pages: list[Page] = []
        self._fresh: set[int] = set()  # numbers of pages that no search has seen yet
        self._page_of: dict[int, tuple[int, str]] = {}  # provider's id → number of its page, its uuid

    def snapshot(self) -> Snapshot:
        """Return the providers as they are now, with all that was committed before the call."""
        view = self._view
        if view is not None and self._turn.locked() and self._is_current(view):
            return view.snapshot  # without waiting for who has the turn
        with self._turn:
            if self._view is not None:
                self._view = self._catch_up(self._view)
            if self._view is None:
                self._view = self._load()
            self._fresh.clear()
            return self._view.snapshot

    def follow(self) -> None:
        """Load, or catch up, so that the next search finds little to do."""
        self.snapshot()

    def _is_current(self, view: _View) -> bool:
        """Tell whether nothing was appended since a view."""
        with self._database.read() as tx:
            rows = changes.list_since(tx, view.last, view.gaps)
        return [row_id for row_id, _ in rows] == [view.last]

    # --- everything ---

    def _load(self) -> _View:
        """Read all providers, and where the log ends."""
        with self._database.read(is_snapshot=True) as tx:
            newest = changes.list_newest(tx, RECENT)
            found = states.list_all(tx)
        self._paginate(found)
        logger.info("index loaded", providers=len(found))
        gaps = dict.fromkeys(_missing(newest, newest[0]), self._clock.monotonic())
        return _View(Snapshot(tuple(self._pages)), newest[-1], gaps)

    def _paginate(self, found: Iterable[ProviderState]) -> None:
        """Lay out providers anew: trees by the age of their roots."""
        self._pages, self._page_of, self._fresh = [], {}, set()
        roots: list[ProviderState] = []
        below: dict[str, list[ProviderState]] = {}
        for state in found:
            if state.is_root:
                roots.append(state)
            else:
                below.setdefault(state.root_uuid, []).append(state)
        for root in roots:
            number = self._page_with_room()
            for state in (root, *below.pop(root.uuid, ())):
                self._put(number, state)
        for lost in below.values():
            for state in lost:
                self._put(self._page_with_room(), state)

    # --- what changed ---

    def _catch_up(self, view: _View) -> _View | None:
        """Return a view that is up to date; None if the log does not go back to where the given one ends."""
        with self._database.read(is_snapshot=True) as tx:
            rows = changes.list_since(tx, view.last, view.gaps)
            ids = [row_id for row_id, _ in rows]
            if view.last not in ids:
                logger.warning("the log of changes does not go back to where the index is", last=view.last)
                return None
            if ids == [view.last]:  # whoever had the turn before saw the same news
                return view
            changed = {provider_id for row_id, provider_id in rows if row_id != view.last}
            found = states.list_many(tx, changed)
        self._apply(changed, found)
        return _View(Snapshot(tuple(self._pages)), ids[-1], self._gaps_after(view, ids))

    def _gaps_after(self, view: _View, ids: Sequence[int]) -> Mapping[int, float]:
        now = self._clock.monotonic()
        seen = set(ids)
        still = {gap: since for gap, since in view.gaps.items() if gap not in seen and now - since < GAP_S}
        return still | dict.fromkeys(_missing(ids, view.last), now)

    def _apply(self, changed: Iterable[int], found: Sequence[ProviderState]) -> None:
        """Write providers as they are now into copies of their pages; those of `changed` not found are gone."""
        gone = set(changed) - {state.id for state in found}
        for provider_id in gone.union(state.id for state in found if self._has_moved(state)):
            self._remove(provider_id)
        for state in sorted(found, key=lambda one: not one.is_root):  # a child goes where its root is
            self._put(self._number_of(state), state)
        if sum(page.count_empty() for page in self._pages) > len(self._page_of) + RECENT:
            self._paginate([state for page in self._pages for state in page.list_states(page.alive)])

    def _has_moved(self, state: ProviderState) -> bool:
        """Tell whether a provider is in the index in another tree, or one that is gone had the same id (on SQLite)."""
        if state.id not in self._page_of:
            return False
        number, uuid = self._page_of[state.id]
        return uuid != state.uuid or self._pages[number].get(uuid).root_uuid != state.root_uuid

    def _number_of(self, state: ProviderState) -> int:
        """Return the number of the page that a provider is in or belongs to: that of its root."""
        if state.id in self._page_of:
            return self._page_of[state.id][0]
        if not state.is_root:
            for number, page in enumerate(self._pages):
                if state.root_uuid in page.slots:
                    return number
        return self._page_with_room()

    def _page_with_room(self) -> int:
        if not self._pages or self._pages[-1].is_full:
            self._fresh.add(len(self._pages))
            self._pages.append(Page())
        return len(self._pages) - 1

    def _put(self, number: int, state: ProviderState) -> None:
        self._changeable(number).put(state)
        self._page_of[state.id] = (number, state.uuid)

    def _remove(self, provider_id: int) -> None:
        place = self._page_of.pop(provider_id, None)
        if place is not None:
            number, uuid = place
            self._changeable(number).remove(uuid)

    def _changeable(self, number: int) -> Page:
        if number not in self._fresh:
            self._pages[number] = self._pages[number].copy()
            self._fresh.add(number)
        return self._pages[number]


def _missing(ids: Sequence[int], first: int) -> Sequence[int]:
    """Return the ids that are not there between `first` and the last."""
    return sorted(set(range(first + 1, ids[-1])) - set(ids))
