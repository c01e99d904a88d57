"""Where commands print: coloured and fitted on a terminal, plain and whole where a program reads it."""

from __future__ import annotations

from rich.console import Console

PIPED_WIDTH = 500  # lines are as long as their words; nothing is cut or wrapped


def new_console() -> Console:
    """Return standard output."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)
