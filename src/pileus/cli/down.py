"""`pileus down`: stop the cloud of a state directory."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import click

from pileus.cli.options import state_of, state_option
from pileus.kit.errors import Conflict

TIMEOUT_S = 60


class StillRunning(Conflict):
    """The process does not end."""

    message = (
        "Process {pid} is still stopping after {timeout_s} s; its log is {log}. `kill -9 {pid}` ends it, and nothing "
        "is lost."
    )


@click.command("down")
@state_option
def command(state_path: Path | None) -> None:
    """Stop the cloud; its guests go on, and the next `up` adopts them."""
    state = state_of(state_path)
    pid = state.running_pid()
    if pid is None:
        click.echo(f"nothing runs on {state.path}")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + TIMEOUT_S
    while state.running_pid() == pid or _is_alive(pid):
        if time.monotonic() > deadline:
            raise StillRunning(pid=pid, timeout_s=TIMEOUT_S, log=state.log)
        time.sleep(0.05)
    click.echo(f"stopped (process {pid}); the state stays in {state.path}")


def _is_alive(pid: int) -> bool:
    """Tell whether a process is there still; one that has ended and waits to be reaped is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
