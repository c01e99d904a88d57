"""`pileus explain`: why no host would do for a server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from pileus.cli.console import new_console
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.compute.db import action
from pileus.compute.db import server as servers
from pileus.compute.model.action import SELECT_DESTINATIONS
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.server import Server
from pileus.compute.scheduler.choose import Refusal, refusals_in
from pileus.kit.db import Transaction
from pileus.kit.errors import Conflict
from pileus.wiring.database import migrations_of, new_database


class NameAmbiguous(Conflict):
    """Several servers have the name, and none of them is deleted."""

    message = "Several servers are named '{name}': {server_ids}. Say which one by its id."


@click.command("explain")
@click.argument("named", metavar="SERVER")
@state_option
@settings_option
@click.option("--json", "is_json", is_flag=True, help="Print everything as one JSON document.")
def command(named: str, state_path: Path | None, settings_path: Path | None, is_json: bool) -> None:
    """Tell which hosts were refused when one was last looked for in vain for SERVER (its id or name), and why.

    The cloud may run meanwhile, and the server may be deleted. A host without room, or without a trait that is asked
    for, is not among them.
    """
    server, report = _look(named, state_path, settings_path)
    refusals, left_out = refusals_in(report)
    if is_json:
        click.echo(msgspec.json.encode(_document(server, refusals, left_out)))
    else:
        _show(server, refusals, left_out)


def _look(named: str, state_path: Path | None, settings_path: Path | None) -> tuple[Server, str]:
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path)
    with closing(new_database(settings, state, "compute")) as database:
        migrations_of("compute").require_newest(database)
        with database.read() as tx:
            server = _find(tx, named)
            return server, action.find_details(tx, server.id, SELECT_DESTINATIONS) or ""


def _find(tx: Transaction, named: str) -> Server:
    try:
        return servers.get(tx, named, may_be_deleted=True)
    except InstanceNotFound:
        found = servers.list_named(tx, named)
    if not found:
        raise InstanceNotFound(server_id=named)
    if len(found) > 1 and found[0].deleted_at is None:
        raise NameAmbiguous(name=named, server_ids=", ".join(server.id for server in found))
    return found[0]


def _document(server: Server, refusals: Sequence[Refusal], left_out: str) -> dict[str, object]:
    return {
        "server_id": server.id,
        "status": server.status,
        "host": server.host,
        "fault": None if server.fault is None else server.fault.message,
        "refused": [asdict(refusal) for refusal in refusals],
        "left_out": left_out,
    }


def _show(server: Server, refusals: Sequence[Refusal], left_out: str) -> None:
    console = new_console()
    console.print(escape(f"{server.name} is {server.status}, on {server.host or 'no host'}."))
    if server.fault is not None:
        console.print(escape(server.fault.message))
    if not refusals:
        console.print("No host was refused.")
        return
    table = Table("host", "filter", "reason")
    for refusal in refusals:
        table.add_row(escape(refusal.host), escape(refusal.filter), escape(refusal.reason))
    console.print(table)
    if left_out:
        console.print(left_out)
