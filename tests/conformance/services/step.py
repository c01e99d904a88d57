"""One line for each step: what it shows, a tick or a cross, and how long it took."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape

from demo.terminal import CONSOLE, DemoFailed, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def step(what: str) -> Iterator[list[str]]:
    """Do a step; what is put into the list is shown behind its line. An assertion says what was wrong with it."""
    watch, more = Stopwatch(), list[str]()
    try:
        with CONSOLE.status(f"[dim]{escape(what)} …[/]"):
            yield more
    except Exception as error:
        _show("[red]✘[/]", watch, what, more)
        if isinstance(error, AssertionError):
            raise DemoFailed(f"{what}: {error}") from None
        raise
    _show("[green]✔[/]", watch, what, more)


def _show(mark: str, watch: Stopwatch, what: str, more: list[str]) -> None:
    facts = f"  [dim]{escape(', '.join(more))}[/]" if more else ""
    CONSOLE.print(f"   {mark} [dim]{watch.seconds():5.1f} s[/]  {escape(what)}{facts}", soft_wrap=True)
