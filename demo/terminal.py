"""What the demo shows: each command before it runs, its answer, and ticks for what was checked."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

BIN = Path(sys.prefix) / "bin"
CONSOLE = Console(highlight=False)


class DemoFailed(Exception):
    """A step did not do what it should."""


def title(text: str) -> None:
    """Begin a part."""
    CONSOLE.print(f"\n[bold blue]── {text}[/]")


def check(text: str, *, is_true: bool) -> None:
    """Tick what holds; stop at what does not."""
    if not is_true:
        raise DemoFailed(text)
    CONSOLE.print(f"   [green]✔[/] {text}")


class Client:
    """The openstack client as one user of one cloud."""

    def __init__(self, clouds_yaml: Path, cloud: str) -> None:
        self.cloud = cloud
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OS_")},
            "OS_CLIENT_CONFIG_FILE": str(clouds_yaml),
            "OS_CLOUD": cloud,
            "OS_PLACEMENT_API_VERSION": "1.29",
        }

    def show(self, command: str) -> str:
        """Run a command before the reader's eyes and return what it printed. Raises DemoFailed."""
        prompt = "$" if self.cloud == "pileus-demo" else "#"
        CONSOLE.print(f"\n[bold]{prompt} openstack {command}[/]", soft_wrap=True)
        words = [str(BIN / "openstack"), *shlex.split(command)]
        process = subprocess.Popen(words, env=self._environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
        if process.wait() != 0:
            raise DemoFailed(f"`openstack {command}` ended with {process.returncode}")
        return "".join(lines)

    def ask(self, command: str) -> str:
        """Run a command quietly and return what it printed. Raises DemoFailed."""
        words = [str(BIN / "openstack"), *shlex.split(command)]
        done = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoFailed(f"`openstack {command}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout.strip()


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Return how long ago that was."""
        return time.monotonic() - self._started
