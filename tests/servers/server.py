"""What a database server must be able to do to serve a test run."""

from __future__ import annotations

import os
import pwd
import subprocess
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import signal
    from pathlib import Path


class Server(Protocol):
    """A kind of server. `home` is the directory that holds everything one of them writes, its socket included."""

    kind: str
    accounts: tuple[str, ...]
    stop_signal: signal.Signals

    def prepare(self, home: Path) -> None:
        """Write an empty data directory. Raises `LackingError` where the programs are not installed."""

    def command(self, home: Path) -> list[str]:
        """The words that start the server in the foreground."""

    def is_ready(self, home: Path) -> bool:
        """Whether the server answers."""

    def create(self, home: Path, database: str) -> str:
        """Create an empty database; its SQLAlchemy URL."""

    def drop(self, home: Path, database: str) -> None:
        """Drop a database, whoever is still connected to it."""


def become(accounts: tuple[str, ...]) -> list[str]:
    """The words to put in front of a command that must not run as root; none for an ordinary user."""
    if os.getuid() != 0:
        return []
    entry = find_account(accounts)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--"]


def find_account(accounts: tuple[str, ...]) -> pwd.struct_passwd:
    """The first of these accounts that exists, else nobody's."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((known[name] for name in accounts if name in known), known["nobody"])


def own(directory: Path, accounts: tuple[str, ...]) -> None:
    """Give a directory to the account that the server will run as."""
    directory.mkdir(mode=0o700)
    if os.getuid() == 0:
        entry = find_account(accounts)
        os.chown(directory, entry.pw_uid, entry.pw_gid)


def run(server: Server, home: Path, *command: str) -> None:
    """Run a command as the server's account. Raises RuntimeError with its output."""
    done = subprocess.run(
        [*become(server.accounts), *command],
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
