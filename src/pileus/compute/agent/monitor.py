"""What a host measures of itself, if its operator wants that: how busy its CPUs are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pileus.kit.errors import Invalid

CPU = "cpu.virt_driver"
_STAT = Path("/proc/stat")
_USER, _NICE, _SYSTEM, _IDLE, _IOWAIT = range(5)
_PARTS: Mapping[str, Sequence[int]] = {
    "cpu.user": (_USER, _NICE),
    "cpu.kernel": (_SYSTEM,),
    "cpu.idle": (_IDLE,),
    "cpu.iowait": (_IOWAIT,),
}


class MonitorUnknown(Invalid):
    """There is no such monitor."""

    message = "[agent] compute_monitors: there is no monitor '{name}'; known is: cpu.virt_driver"


def new_monitor(names: Sequence[str], read: Callable[[], str] = _STAT.read_text) -> Callable[[], dict[str, float]]:
    """Return what measures. Raises MonitorUnknown."""
    for name in names:
        if name != CPU:
            raise MonitorUnknown(name=name)
    return CpuMonitor(read).measure if names else dict


class CpuMonitor:
    """How much of the time since the last look the CPUs did what: shares of 1, as `cpu.user.percent` and so on."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._last: Sequence[int] = ()

    def measure(self) -> dict[str, float]:
        """Return the shares, and the whole that was not idle as `cpu.percent`; nothing at the first look."""
        ticks = [int(word) for word in self._read().splitlines()[0].split()[1:9]]
        passed = [now - before for now, before in zip(ticks, self._last, strict=False)]
        self._last = ticks
        total = sum(passed)
        if total <= 0:
            return {}
        shares = {f"{name}.percent": round(sum(passed[i] for i in at) / total, 3) for name, at in _PARTS.items()}
        return {**shares, "cpu.percent": round(1 - (passed[_IDLE] + passed[_IOWAIT]) / total, 3)}
