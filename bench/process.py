"""What processes take: memory, threads, processor time."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a cloud's processes take together. RSS counts a shared page in each of them, PSS once."""

    rss_mib: float
    pss_mib: float
    processes: int
    threads: int
    cpu_s: float


def in_sessions(leaders: Iterable[int]) -> list[int]:
    """Return the processes in the sessions of these leaders."""
    wanted = set(leaders)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(int(folder.name)) in wanted:
                found.append(int(folder.name))
    return found


def footprint(pids: Iterable[int]) -> Footprint:
    """Return what these processes take now."""
    alive = [pid for pid in pids if Path(f"/proc/{pid}/smaps_rollup").exists()]
    memory = [_read(pid, "smaps_rollup") for pid in alive]
    return Footprint(
        rss_mib=sum(_kib(text, "Rss") for text in memory) / 1024,
        pss_mib=sum(_kib(text, "Pss") for text in memory) / 1024,
        processes=len(alive),
        threads=sum(_kib(_read(pid, "status"), "Threads") for pid in alive),
        cpu_s=sum(_cpu_s(pid) for pid in alive),
    )


def forget_peak(pids: Iterable[int]) -> None:
    """Let the kernel take note of the highest resident memory from now on."""
    for pid in pids:
        with contextlib.suppress(OSError):  # it is gone
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mib(pids: Iterable[int]) -> float:
    """Return the sum of the highest resident memory of each process since `forget_peak`."""
    return sum(_kib(_read(pid, "status"), "VmHWM") for pid in pids) / 1024


def resident_mib(pids: Iterable[int]) -> float:
    """Return the sum of the resident memory of each process now."""
    return sum(_kib(_read(pid, "status"), "VmRSS") for pid in pids) / 1024


def _cpu_s(pid: int) -> float:
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND if fields else 0.0


def _kib(text: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""
