"""`pileus status`: what runs on a state directory."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
import urllib3
from rich.console import Console
from rich.table import Table

from pileus.cli.options import state_of, state_option
from pileus.kit.state import StateDirectory


@click.command("status")
@state_option
def command(state_path: Path | None) -> None:
    """Show the services and whether they are well; the exit code is 0 if all are, 1 if not, 3 if nothing runs."""
    state = state_of(state_path)
    console = Console(highlight=False)
    pid = state.running_pid()
    if pid is None:
        console.print(f"nothing runs on {state.path}; [cyan]pileus up[/] starts it")
        sys.exit(3)
    said = state.said()
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("service", "url", "health"):
        table.add_column(title)
    wrong = 0
    pool = urllib3.PoolManager(timeout=5, retries=False, ca_certs=said.get("ca") or None)
    for service, url in said.get("urls", {}).items():
        health = _health(pool, url)
        wrong += health != "ok"
        table.add_row(service, url, f"[green]{health}[/]" if health == "ok" else f"[red]{health}[/]")
    console.print(table)
    console.print(f"\n{_process(pid, said)}\nstate {state.path}, {state.free_bytes() / 2**30:.1f} GiB free")
    console.print(_guests(state))
    sys.exit(1 if wrong or not said else 0)


def _health(pool: urllib3.PoolManager, url: str) -> str:
    try:
        reply = pool.request("GET", f"{url}/healthz")
        document: dict[str, Any] = reply.json()
    except urllib3.exceptions.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    except ValueError:
        return "somebody else answers there"
    return "ok" if reply.status == 200 else "; ".join(f"{part}: {why}" for part, why in document["wrong"].items())


def _process(pid: int, said: dict[str, Any]) -> str:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    up_s = time.time() - said.get("started_at", time.time())
    driver = said.get("driver", "?")
    return f"process {pid}, up {up_s / 60:.0f} min, {pages * 4096 / 2**20:.0f} MiB resident, {driver} driver"


def _guests(state: StateDirectory) -> str:
    folder = state.path / "instances"
    count = sum(1 for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_"))
    return f"{count} guest{'s' if count != 1 else ''} on this host"
