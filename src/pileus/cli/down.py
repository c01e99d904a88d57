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
    while state.running_pid() == pid:
        if time.monotonic() > deadline:
            raise StillRunning(pid=pid, timeout_s=TIMEOUT_S, log=state.log)
        time.sleep(0.05)
    click.echo(f"stopped (process {pid}); the state stays in {state.path}")
