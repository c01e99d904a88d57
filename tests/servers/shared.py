"""Servers that the workers of one test run share.

The run's directory holds, for each kind that a test has asked for, a lock, the server's home, its log, and a record:
who keeps it, or why it could not start. The first worker to ask starts the server; the others wait for the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.lacking import LackingError
from tests.servers import keeper
from tests.servers.server import become, own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.server import Server

START_S = 60


def find_home(server: Server, run_directory: Path, owner: int) -> Path:
    """Where the running server of this kind has its socket; starts it when nobody has yet.

    `owner` is the process whose end is the server's end. Raises `LackingError` or RuntimeError.
    """
    home = run_directory / server.kind
    record = home.with_suffix(".json")
    with _locked(home.with_suffix(".lock")):
        if not record.exists():
            record.write_text(json.dumps(_start(server, home, owner)))
    outcome = json.loads(record.read_text())
    if "lacking" in outcome:
        raise LackingError(outcome["lacking"])
    if "failure" in outcome:
        raise RuntimeError(outcome["failure"])
    return home


def stop_all(run_directory: Path) -> None:
    """End every server of the run and wait until it is gone."""
    for record in run_directory.glob("*.json"):
        if pid := json.loads(record.read_text()).get("keeper"):
            with suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                signal.pidfd_send_signal(handle, signal.SIGTERM)
                select.select([handle], [], [], keeper.GRACE_S + 5)
                os.close(handle)


def _start(server: Server, home: Path, owner: int) -> dict[str, object]:
    own(home, server.accounts)
    try:
        server.prepare(home)
        pid = _launch(server, home, owner)
        _wait(server, home, pid)
    except LackingError as lacking:
        return {"lacking": str(lacking)}
    except (OSError, RuntimeError) as error:
        return {"failure": f"{server.kind} did not start: {error}"}
    return {"keeper": pid}


def _launch(server: Server, home: Path, owner: int) -> int:
    # Should the keeper itself be killed, the kernel sends the server the signal.
    tied = ["setpriv", "--pdeathsig", server.stop_signal.name.removeprefix("SIG"), "--", *server.command(home)]
    words = [sys.executable, keeper.__file__, str(owner), str(home), str(int(server.stop_signal))]
    words += [*become(server.accounts), *tied]
    nothing = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
    # A session of its own: Ctrl-C is for the tests, and the keeper ends when they do.
    return os.posix_spawn(sys.executable, words, os.environ, file_actions=nothing, setsid=True)


def _wait(server: Server, home: Path, pid: int) -> None:
    deadline = time.monotonic() + START_S
    while not server.is_ready(home):
        has_ended = os.waitpid(pid, os.WNOHANG) != (0, 0)
        if has_ended or time.monotonic() > deadline:
            raise RuntimeError(home.with_suffix(".log").read_text())
        time.sleep(0.05)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
