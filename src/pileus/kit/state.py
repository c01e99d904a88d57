"""The state directory: everything one cloud keeps on this machine, and the lock that says who runs it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pileus.kit import ids
from pileus.kit.errors import Conflict

FORMAT = 1
"""Raised when a release keeps something in another way; an older release then refuses to start on it."""

LOCK_ATTEMPTS = 20
LOCK_PAUSE_S = 0.02


class StateForeign(Conflict):
    """The directory belongs to another user."""

    message = (
        "The state directory {path} belongs to {owner}, and you are {user}. Run this as {owner}, or choose your own "
        "directory with --state DIR."
    )


class StateNewer(Conflict):
    """A newer release wrote the directory."""

    message = (
        "The state directory {path} was written by a newer release (format {found}, this one knows {known}). Use that "
        "release, or another directory with --state DIR."
    )


class StateUnusable(Conflict):
    """The directory is no state directory, or cannot be written."""

    message = "{path} cannot be the state directory: {reason}"


class HostRenamed(Conflict):
    """The settings give the host another name than the one that its guests know."""

    message = (
        "[agent] host says '{chosen}', but the guests here belong to a host named '{known}' ({path}). Keep that name, "
        "or use an empty state directory."
    )


class RegionChanged(Conflict):
    """The cloud was started in another region before."""

    message = (
        "This cloud is the region '{known}' ({path}), and its catalog says so; it cannot become '{chosen}'. Leave "
        "--region away, or start another cloud with its own --state DIR."
    )


class AlreadyRunning(Conflict):
    """Another process runs on this state."""

    message = (
        "A cloud already runs on {path} (process {pid}). `pileus status` shows it, `pileus down` stops it; another one "
        "beside it needs its own --state DIR and --port-offset N."
    )


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """Where things are; one function or property makes each path."""

    path: Path

    @classmethod
    def default(cls) -> StateDirectory:
        """Return the user's own: `pileus` under the XDG state home."""
        home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return cls(Path(home) / "pileus")

    def database_url(self, service: str) -> str:
        """Return where a service's SQLite database is."""
        return f"sqlite:///{self.path / 'databases' / f'{service}.sqlite'}"

    @property
    def images(self) -> Path:
        """The image files."""
        return self.path / "images"

    @property
    def keys(self) -> Path:
        """The folder of identity's keys, one within it for each purpose."""
        return self.path / "keys"

    @property
    def log(self) -> Path:
        """The log."""
        return self.path / "logs" / "pileus.log"

    @property
    def settings(self) -> Path:
        """What the operator may write."""
        return self.path / "pileus.toml"

    @property
    def clouds_yaml(self) -> Path:
        """How clients find this cloud."""
        return self.path / "clouds.yaml"

    @property
    def runtime(self) -> Path:
        """What the running process says of itself."""
        return self.path / "run" / "runtime.json"

    def prepare(self) -> None:
        """Make the directory, or make sure that it is ours. Raises StateForeign, StateNewer, StateUnusable."""
        self._require_usable()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._require_format()
            for name in ("databases", "images", "instances", "keys", "logs", "run"):
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StateUnusable(path=self.path, reason=f"{error.strerror}.") from None

    def _require_format(self) -> None:
        marker = self.path / "format"
        if not marker.exists():
            if any(other.name != _temporary(marker).name for other in self.path.iterdir()):
                raise StateUnusable(
                    path=self.path, reason="it holds other things. Choose an empty one with --state DIR."
                )
            write_private(marker, f"{FORMAT}\n")
        text = marker.read_text(encoding="utf-8", errors="replace").strip()
        if not text.isascii() or not text.isdigit():
            raise StateUnusable(path=self.path, reason=f"{marker} does not say which format it has.")
        if int(text) > FORMAT:
            raise StateNewer(path=self.path, found=int(text), known=FORMAT)

    def _require_usable(self) -> None:
        try:
            existing = next(parent for parent in (self.path, *self.path.parents) if parent.exists())
        except PermissionError as error:
            reason = f"{_user_name(os.getuid())} may not look into {Path(error.filename).parent}."
            raise StateUnusable(path=self.path, reason=reason) from None
        if not existing.is_dir():
            raise StateUnusable(path=self.path, reason=f"{existing} is a file.")
        if existing == self.path and existing.stat().st_uid != os.getuid():
            raise StateForeign(path=self.path, owner=_user_name(existing.stat().st_uid), user=_user_name(os.getuid()))
        if not os.access(existing, os.W_OK | os.X_OK):
            raise StateUnusable(path=self.path, reason=f"{existing} may not be written by {_user_name(os.getuid())}.")

    def lock(self) -> Lock:
        """Become the one process on this state. Raises AlreadyRunning."""
        file = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        for _ in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self.running_pid() is not None:
                    break
                time.sleep(LOCK_PAUSE_S)  # somebody only looks whether it is held, or has not written his number yet
                continue
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)
            return Lock(file)
        os.close(file)
        raise AlreadyRunning(path=self.path, pid=self.running_pid() or "unknown")

    def running_pid(self) -> int | None:
        """Return the process that runs on this state, or None."""
        try:
            file = os.open(self.path / "run" / "lock", os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(file, 32, 0)
            return int(text) if text.isdigit() else None
        finally:
            os.close(file)
        return None

    def cloud_id(self) -> str:
        """Return this cloud's id, made once: what tells its guests from those of other clouds on the same host."""
        file = self.path / "cloud-id"
        if not file.exists():
            write_private(file, ids.new_uuid() + "\n")
        return file.read_text().strip()

    def host_name(self, chosen: str = "") -> str:
        """Return what this host is called, kept from the first start on: guests belong to it by that name.

        Raises HostRenamed if another name is chosen later.
        """
        file = self.path / "host-name"
        if not file.exists():
            write_private(file, (chosen or socket.gethostname()) + "\n")
        known = file.read_text().strip()
        if chosen not in ("", known):
            raise HostRenamed(path=file, known=known, chosen=chosen)
        return known

    def region(self, chosen: str) -> str:
        """Return the region that this cloud was first started in. Raises RegionChanged if another is chosen later."""
        file = self.path / "region"
        if not file.exists():
            write_private(file, (chosen or "RegionOne") + "\n")
        known = file.read_text().strip()
        if chosen not in ("", known):
            raise RegionChanged(path=file, known=known, chosen=chosen)
        return known

    def secrets(self, names: Sequence[str]) -> dict[str, str]:
        """Return a random secret for each name, made once."""
        file = self.path / "keys" / "passwords.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        missing = [name for name in names if name not in known]
        if missing:
            known |= {name: ids.new_secret() for name in missing}
            write_private(file, json.dumps(known, indent=2) + "\n")
        return known

    def passwords(self, account: str) -> tuple[str, ...]:
        """Return an account's password, made once; while it is being changed also the one that is to come."""
        known = self.secrets([account])
        return tuple(known[name] for name in (account, _coming(account)) if name in known)

    def stage_password(self, account: str) -> str:
        """Write down the password that an account is to have, before anybody else knows it; return it.

        A change that was cut short goes on with the one that it had made.
        """
        return self.secrets([account, _coming(account)])[_coming(account)]

    def keep_password(self, account: str, password: str) -> None:
        """Write down a password that somebody chose for an account of ours."""
        known = {**self.secrets([]), account: password}
        write_private(self.path / "keys" / "passwords.json", json.dumps(known, indent=2) + "\n")

    def settle_password(self, account: str) -> None:
        """Forget the old password: the new one is in force."""
        known = self.secrets([])
        known[account] = known.pop(_coming(account))
        write_private(self.path / "keys" / "passwords.json", json.dumps(known, indent=2) + "\n")

    def say(self, **facts: Any) -> None:
        """Let other commands know what the running process is."""
        write_private(self.runtime, json.dumps(facts, indent=2) + "\n")

    def said(self) -> dict[str, Any]:
        """Return what the running process said of itself."""
        return dict(json.loads(self.runtime.read_text())) if self.runtime.exists() else {}

    def free_bytes(self) -> int:
        """Return the room left on the file system."""
        return shutil.disk_usage(self.path).free


class Lock:
    """Held for as long as the process lives; the kernel lets go of it whatever happens."""

    def __init__(self, file: int) -> None:
        self._file = file

    def release(self) -> None:
        """Let another process have the state."""
        os.close(self._file)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all, and there to stay once this returns."""
    temporary = _temporary(file)
    temporary.unlink(missing_ok=True)  # what a crash left behind may have another mode
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _coming(account: str) -> str:
    return f"{account}.next"


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.new")


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
