"""`pileus watch`: what is done to servers, as it happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.live import Live

from pileus.cli.console import new_console
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.session import open_session
from pileus.cli.settings import settings_of
from pileus.cli.watch_screen import Screen, lines_of, trouble_of
from pileus.clients.watch import ServerEvents

Events = Iterator[Mapping[str, Any]]


@click.command("watch")
@click.argument("server", metavar="[SERVER]", required=False)
@state_option
@settings_option
@click.option("--json", "is_json", is_flag=True, help="Print each event as a line of JSON.")
def command(server: str | None, state_path: Path | None, settings_path: Path | None, is_json: bool) -> None:
    """Show what is done to all servers until Ctrl-C, or to SERVER (its id or name) until it is done.

    With SERVER the exit code tells how that ended: 0 if it went well, 1 if the server is in ERROR or its last action
    failed. A server that nothing is done to is judged at once.
    """
    state = state_of(state_path)
    state.prepare()
    with open_session(settings_of(state, file=settings_path), state) as session:
        events = ServerEvents(session)
        server_id = None if server is None else events.find(server)
        try:
            last = _show(events.follow(server_id), is_endless=server_id is None, is_json=is_json)
        except KeyboardInterrupt:
            return
    trouble = trouble_of(last)
    if trouble:
        click.echo(trouble, err=True)
        sys.exit(1)


def _show(events: Events, *, is_endless: bool, is_json: bool) -> Mapping[str, Any]:
    """Show events until nothing is done any more to the server that they are of; return the last one."""
    console = new_console()
    if is_json or not console.is_terminal:
        return _print(events, is_endless=is_endless, is_json=is_json)
    screen = Screen()
    with Live(screen, console=console, refresh_per_second=4):
        for event in events:
            screen.take(event)
            if not (is_endless or is_busy(event)):
                break
    return event


def _print(events: Events, *, is_endless: bool, is_json: bool) -> Mapping[str, Any]:
    said: dict[str, Mapping[str, Any]] = {}
    for event in events:
        lines = [msgspec.json.encode(event).decode()] if is_json else lines_of(event, said.get(event["id"]))
        said[event["id"]] = event
        for line in lines:
            click.echo(line)
        if not (is_endless or is_busy(event)):
            break
    return event


def is_busy(event: Mapping[str, Any]) -> bool:
    """Tell whether something is being done to the server."""
    return any(action["finished_at"] is None for action in event["actions"])
