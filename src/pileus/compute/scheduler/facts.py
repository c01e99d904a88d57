"""What a filter looks at. It is asked once for all the hosts that are alike in that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pileus.compute.scheduler.ask import Ask, HostView

Filter = Callable[[Ask, HostView], str | None]
_F = TypeVar("_F", bound=Callable[..., str | None])
_LOOK = "looks_at"

Facts = Collection[str] | None
"""Names of columns; None: everything, so that no two hosts are alike."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a filter looks at for an ask, and the hosts that it knows by name."""

    facts: Callable[[Ask], Facts]
    named: Callable[..., Iterable[str]]


def looks_at(
    *facts: str,
    if_asked: Callable[[Ask], Facts] | None = None,
    named: Callable[..., Iterable[str]] = lambda _ask, **_options: (),
) -> Callable[[_F], _F]:
    """Say what a filter looks at: `facts` always, or what `if_asked` returns for an ask; and hosts `named` by it.

    A filter that says nothing is asked about every host.
    """
    look = Look(if_asked or (lambda _ask: facts), named)

    def say(check: _F) -> _F:
        setattr(check, _LOOK, look)
        return check

    return say


def look_of(check: Filter, ask: Ask) -> tuple[Facts, Iterable[str]]:
    """Return what a filter looks at for an ask, and which hosts it knows by name."""
    options: dict[str, Any] = {}
    inner: Callable[..., Any] = check
    if isinstance(check, partial):
        inner, options = check.func, check.keywords
    look: Look | None = getattr(inner, _LOOK, None)
    return (None, ()) if look is None else (look.facts(ask), look.named(ask, **options))
