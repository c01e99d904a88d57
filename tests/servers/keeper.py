"""Keeps one server for one test run: a process of its own, so that the server ends whatever becomes of the tests.

    keeper.py OWNER HOME SIGNAL COMMAND...

It starts the command and waits. On SIGTERM it sends SIGNAL to the command and removes HOME. When the process OWNER
is gone it does the same, and removes the directory around HOME, which was the owner's to remove. What the server says
goes to HOME.log.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

GRACE_S = 20


def keep(owner: int, home: Path, stop_signal: int, command: list[str]) -> None:
    owner_handle = os.pidfd_open(owner)
    alarm, alarm_writer = os.pipe()
    os.set_blocking(alarm_writer, False)
    signal.set_wakeup_fd(alarm_writer)
    signal.signal(signal.SIGTERM, lambda *_: None)
    with home.with_suffix(".log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    ended, _, _ = select.select([owner_handle, os.pidfd_open(server.pid), alarm], [], [])
    stop(server, stop_signal)
    shutil.rmtree(home.parent if owner_handle in ended else home, ignore_errors=True)


def stop(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    server.send_signal(stop_signal)
    try:
        server.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    keep(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
