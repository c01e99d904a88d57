"""The `pileus` command: one file per verb in `cli/`, loaded only when it is called."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import NoReturn

import click

from pileus.kit.errors import PileusError

VERBS = {
    "up": "Start a whole cloud in one process",
    "down": "Stop it; the guests go on",
    "status": "Show what runs",
    "serve": "Run one service alone",
    "agent": "Run an agent alone",
    "database": "Look after the databases' schemas",
    "identity": "Look after identity: first user, keys, service passwords, health",
    "image": "Look after images: their bytes, the cache, other formats, metadata definitions",
    "placement": "Check placement's books; show how full everything is",
    "explain": "Tell why a server found no host",
    "simulate": "Replay a trace of servers against the scheduler, on fake hosts",
    "watch": "Follow what is done to servers",
}


class _Verbs(click.Group):
    """Loads a verb's module when it is asked for, so that no verb pays for another."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"pileus.cli.{name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pileus")
def pileus() -> None:
    """An OpenStack-compatible cloud control plane: identity, image, placement and compute."""


def main() -> None:
    """Run a command; what went wrong is one clear sentence."""
    try:
        pileus(prog_name="pileus")
    except PileusError as error:
        _end(error.reason)
    except OSError as error:
        _end(f"{error.filename}: {error.strerror}." if error.filename and error.strerror else f"{error}.")
    except Exception as error:
        logging.getLogger("pileus").critical("the command failed", exc_info=True)
        _end(f"Something unexpected went wrong ({type(error).__name__}): {str(error).partition(chr(10))[0]}")


def _end(sentence: str) -> NoReturn:
    click.secho(f"pileus: {sentence}", fg="red", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
