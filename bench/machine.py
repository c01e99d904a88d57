"""What the measurements ran on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

BUSY = 0.5  # of a processor, by others, makes numbers worse


def describe(folder: Path) -> str:
    """Return the machine in a sentence; the states are in `folder`."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    kind = _ask("stat", "--file-system", "--format=%T", str(folder)).replace(
        "ext2/ext3", "ext4"
    )  # which stat cannot tell apart
    return (
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"{int(memory[1]) / 2**20 if memory else 0:.0f} GiB of memory, {system}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, states on {kind}"
    )


def source() -> str:
    """Return which commit is measured."""
    here = str(Path(__file__).parent)
    commit = _ask("git", "-C", here, "rev-parse", "--short", "HEAD")
    is_changed = bool(_ask("git", "-C", here, "status", "--porcelain", "--", "../src"))
    return commit + (" with changes" if is_changed else "")


def load() -> float:
    """Return how many processes wanted a processor, on average over the last minute."""
    return os.getloadavg()[0]


def _ask(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
