"""Resource providers: what has room, alone or as a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One resource provider. Its generation counts the changes to all that hangs on it."""

    id: int
    uuid: str
    name: str
    generation: int
    root_uuid: str  # its own if it is nobody's child
    parent_uuid: str | None
    modified_at: datetime

    @property
    def is_root(self) -> bool:
        """Whether it heads its tree."""
        return self.root_uuid == self.uuid


def list_below(tree: Iterable[Provider], uuid: str) -> Sequence[Provider]:
    """Return the descendants of a provider among the providers of its tree."""
    children: defaultdict[str | None, list[Provider]] = defaultdict(list)
    for one in tree:
        children[one.parent_uuid].append(one)
    below: list[Provider] = []
    heads = [uuid]
    while heads:
        found = children[heads.pop()]
        below += found
        heads += [one.uuid for one in found]
    return below
