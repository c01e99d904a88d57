"""What the demo shows: each command before it runs, its answer, and ticks for what was checked."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from rich.console import Console

BIN = Path(sys.prefix) / "bin"
CONSOLE = Console(highlight=False)


class DemoFailed(Exception):
    """A step did not do what it should."""


def title(text: str) -> None:
    """Begin a part."""
    CONSOLE.print(f"\n[bold blue]── {text}[/]", soft_wrap=True)


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
        text, status = _run_on_terminal(words, self._environment)
        if status != 0:
            raise DemoFailed(f"`openstack {command}` ended with {status}")
        return text

    def ask(self, command: str) -> str:
        """Run a command quietly and return what it printed. Raises DemoFailed."""
        words = [str(BIN / "openstack"), *shlex.split(command)]
        done = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoFailed(f"`openstack {command}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout.strip()


def _run_on_terminal(words: list[str], environment: dict[str, str]) -> tuple[str, int]:
    """Run a command on a terminal of its own, so that it draws its progress bars; show and return what it prints."""
    ours, its = pty.openpty()
    size = shutil.get_terminal_size((120, 40))
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
    process = subprocess.Popen(words, env=environment, stdout=its, stdin=subprocess.DEVNULL)
    os.close(its)
    pieces = []
    while piece := _read(ours):
        if CONSOLE.is_terminal:
            sys.stdout.write(piece)
            sys.stdout.flush()
        pieces.append(piece)
    os.close(ours)
    # In a file, of a progress bar only its last state is worth a line.
    lines = "".join(pieces).replace("\r\n", "\n").split("\n")
    text = "\n".join(line.rsplit("\r", 1)[-1] for line in lines)
    if not CONSOLE.is_terminal:
        sys.stdout.write(text)
        sys.stdout.flush()
    return text, process.wait()


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # Linux says so when the other side has closed
        return ""


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Return how long ago that was."""
        return time.monotonic() - self._started
