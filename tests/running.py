"""A cloud in a process of its own, as a person starts it; for tests of the program as a whole."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from pileus.kit.state import StateDirectory

PORTS = (5000, 9292, 8778, 8774)
START_S = 60
STOP_S = 60

Environment = dict[str, str]


def free_offset() -> int:
    """Return a number that can be added to all four ports; with it they stay below those that clients are given."""
    for offset in random.sample(range(1_000, 22_000), 100):
        with suppress(OSError), ExitStack() as stack:
            for port in PORTS:
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            return offset
    raise RuntimeError("no ports are free")


def run_pileus(*words: str | Path, timeout_s: float = 60, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Pileus to its end; `changes` are changes of the environment."""
    command = [sys.executable, "-m", "pileus", *map(str, words)]
    environment = own_environment(**changes)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)


def own_environment(**changes: str) -> Environment:
    """Return this process's environment without what would steer Pileus or a client."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PILEUS_"))}
    return {**ours, "COLUMNS": "200", "PYTHONUNBUFFERED": "1", **changes}


class RunningCloud:
    """`pileus up` on one state directory; it can be stopped, killed and started again."""

    def __init__(self, path: Path, *words: str, offset: int | None = None, **changes: str) -> None:
        self.state = StateDirectory(path)
        self.offset = free_offset() if offset is None else offset
        self.output = path.with_name(f"{path.name}.out")
        self._words = words or ("--driver", "fake")
        self._changes = changes
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def clouds_yaml(self) -> Path:
        """How clients log in."""
        return self.state.clouds_yaml

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that runs now."""
        assert self._process is not None, "it was not started"
        return self._process

    def url(self, port: int) -> str:
        """Return where the service of a port is."""
        return f"http://127.0.0.1:{port + self.offset}"

    def start(self) -> None:
        """Start it, and wait until every port answers."""
        self.state.runtime.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pileus", "up", "--state", str(self.state.path)]
        command += ["--port-offset", str(self.offset), *self._words]
        with self.output.open("ab") as out:
            self._process = subprocess.Popen(
                command, env=own_environment(**self._changes), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        deadline = time.monotonic() + START_S
        while not self.state.runtime.exists():
            assert self._process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, f"the cloud is not up after {START_S} s"
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """End it if it runs; return how many seconds that took."""
        if self._process is None:
            return 0.0
        started = time.monotonic()
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        self._process = None
        return time.monotonic() - started
