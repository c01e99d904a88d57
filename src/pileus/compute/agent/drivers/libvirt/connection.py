"""One connection to libvirt, opened when it is needed and again when it died."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import libvirt

from pileus.compute.agent.drivers.driver import HostFailed
from pileus.compute.agent.drivers.libvirt import daemon
from pileus.kit import log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = log.get_logger("pileus.agent.libvirt")
_SYSTEM = "qemu:///system"
_OPEN_TIMEOUT_S = 30.0
_PAUSE_S = 0.2


def _say_nothing(_context: object, _error: object) -> None:
    """Take libvirt's errors off stderr: each reaches its caller as an exception anyway."""


libvirt.registerErrorHandler(_say_nothing, None)


class Connection:
    """A connection that survives its daemon: a dead libvirtd is started again, a restarted one connected to again."""

    def __init__(self, uri: str, directory: Path) -> None:
        self._uri = uri
        self._directory = directory
        self._lock = threading.Lock()
        self._live: libvirt.virConnect | None = None

    def get(self) -> libvirt.virConnect:
        """Return a connection that answered just now. Raises HypervisorFailed."""
        with self._lock:
            if self._live is None or not _answers(self._live):
                self._live = self._open()
            return self._live

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            live, self._live = self._live, None
        if live is not None:
            live.close()

    def _open(self) -> libvirt.virConnect:
        if self._uri != _SYSTEM:
            with translated():
                return libvirt.open(self._uri)
        daemon.ensure_log_daemon()
        daemon.open_kvm()
        give_up = time.monotonic() + _OPEN_TIMEOUT_S
        while True:
            try:
                return libvirt.open(self._uri)
            except libvirt.libvirtError as error:
                _require_patience(error, give_up)
            daemon.start_libvirtd(self._directory)
            time.sleep(_PAUSE_S)


def _require_patience(error: libvirt.libvirtError, give_up: float) -> None:
    """A daemon that was just started, or just died, takes a moment; one that refuses does so at once."""
    said = error.get_error_message()
    if error.get_error_code() in _REFUSALS or "Permission denied" in said or "bus" in said:
        raise HostFailed(why=f"libvirt does not let us in: {said}. {daemon.hint()}") from error
    if time.monotonic() > give_up:
        raise HostFailed(why=f"libvirt does not answer: {said}.") from error


_REFUSALS = frozenset({libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_UNAVAILABLE, libvirt.VIR_ERR_AUTH_CANCELLED})


@contextmanager
def translated() -> Iterator[None]:
    """Turn libvirt's error within the block into HostFailed, and write down why the host failed: nobody else will."""
    try:
        yield
    except HostFailed as error:
        logger.exception("the host failed", why=str(error))
        raise
    except libvirt.libvirtError as error:
        failed = HostFailed(why=f"libvirt: {error.get_error_message()}")
        logger.exception("the host failed", why=str(failed))
        raise failed from error


def _answers(connection: libvirt.virConnect) -> bool:
    try:
        connection.getLibVersion()
    except libvirt.libvirtError:
        return False
    return True
