"""On which of the host's CPUs the threads of a guest's QEMU may run."""

from __future__ import annotations

import os
from pathlib import Path

CPUS = sorted(os.sched_getaffinity(0))


def threads(server_id: str) -> dict[str, str]:
    """Return a list of CPUs for each thread, by the threads' names."""
    processes = (path for path in Path("/proc").glob("[0-9]*") if _is_qemu_of(server_id, path))
    return {_name(task): _allowed(task) for process in processes for task in (process / "task").iterdir()}


def processors(server_id: str) -> list[str]:
    """Return a list of CPUs for each of the guest's processors."""
    return [cpus for name, cpus in sorted(threads(server_id).items()) if name.startswith("CPU ")]


def _is_qemu_of(server_id: str, process: Path) -> bool:
    try:
        command = (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return False
    return b"qemu-system" in command.split(b"\0")[0] and server_id.encode() in command


def _name(task: Path) -> str:
    return (task / "comm").read_text().strip()


def _allowed(task: Path) -> str:
    lines = (task / "status").read_text().splitlines()
    return next(line.split(":")[1].strip() for line in lines if line.startswith("Cpus_allowed_list"))
