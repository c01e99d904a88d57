"""Find out whether hardware virtualisation really works here, and is faster.

That `/dev/kvm` opens proves nothing: in a virtual machine without true nesting, guests hang or crawl. So a machine of
one boot sector, which speaks on its serial port, counts, touches ports and switches itself off, is run under emulation
and then under KVM, each in a process that is killed when its time is up. The verdict is kept for as long as kernel,
QEMU and boot are the same.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_LOG = logging.getLogger(__name__)

PROGRAM = "qemu-system-x86_64"
TIMEOUT_S = 10.0
_SLOWER, _SLACK_S = 2.0, 2.0  # a KVM that needs longer than this, measured by emulation, is of no use
_KILL_WAIT_S = 2.0
_COUNT = 100_000_000
_PORT_WRITES = 20_000
_GREETING = b"pileus"
_EXIT_WRITE = 0x10
_EXIT_STATUS = (_EXIT_WRITE << 1) | 1  # what isa-debug-exit makes of it
_DEVICE = Path("/dev/kvm")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether guests shall run on KVM, and why."""

    kvm: bool
    reason: str


def probe(cache: Path, *, program: str = PROGRAM, device: Path = _DEVICE, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Return the verdict for this machine, from the file `cache` where that still holds."""
    if not os.access(device, os.R_OK | os.W_OK):
        return Verdict(kvm=False, reason=f"{device} is missing or may not be opened.")
    key = _key(program)
    if kept := _read(cache, key):
        return kept
    verdict = judge(program, timeout_s)
    _LOG.info("guests run on %s: %s", "KVM" if verdict.kvm else "emulation", verdict.reason)
    _write(cache, key, verdict)
    return verdict


def judge(program: str, timeout_s: float) -> Verdict:
    """Try both ways and return which is the better one. Takes up to twice `timeout_s`."""
    emulated_s = run_once(program, "tcg", timeout_s)
    patience_s = timeout_s if emulated_s is None else min(timeout_s, _SLOWER * emulated_s + _SLACK_S)
    hardware_s = run_once(program, "kvm", patience_s)
    if hardware_s is None:
        return Verdict(kvm=False, reason=f"a test guest on KVM did not finish within {patience_s:.1f} s.")
    if emulated_s is not None and hardware_s >= emulated_s:
        reason = f"a test guest took {hardware_s:.2f} s on KVM and {emulated_s:.2f} s emulated."
        return Verdict(kvm=False, reason=reason)
    return Verdict(kvm=True, reason=f"a test guest on KVM took {hardware_s:.2f} s.")


def run_once(program: str, accelerator: str, timeout_s: float) -> float | None:
    """Return the seconds that the test guest took, None when it did not come to its end."""
    with tempfile.TemporaryDirectory(prefix="pileus-probe-") as scratch:
        disk = Path(scratch) / "disk"
        disk.write_bytes(boot_sector(_GREETING))
        serial = Path(scratch) / "serial"
        begun = time.monotonic()
        status = _run_killably(_command(program, accelerator, disk, serial), timeout_s)
        took_s = time.monotonic() - begun
        said = serial.read_bytes() if serial.exists() else b""
    return took_s if status == _EXIT_STATUS and said == _GREETING else None


def boot_sector(greeting: bytes) -> bytes:
    """Return a disk of one sector: say `greeting`, count, write to a port many times, switch the machine off."""
    code = b"\xfa"  # cli
    for byte in greeting:
        code += b"\xba\xf8\x03\xb0" + bytes([byte]) + b"\xee"  # mov dx,COM1; mov al,byte; out dx,al
    code += b"\x66\xb9" + _COUNT.to_bytes(4, "little") + b"\x66\x49\x75\xfc"  # mov ecx,count; dec ecx; jnz
    code += b"\xb9" + _PORT_WRITES.to_bytes(2, "little") + b"\xe6\x80\xe2\xfc"  # mov cx,n; out 0x80,al; loop
    code += b"\xba\xf4\x00\xb0" + bytes([_EXIT_WRITE]) + b"\xee\xf4\xeb\xfd"  # mov dx,0xf4; mov al,x; out; hlt; jmp
    return code.ljust(510, b"\0") + b"\x55\xaa"


def _command(program: str, accelerator: str, disk: Path, serial: Path) -> list[str]:
    return [
        *(program, "-accel", accelerator, "-machine", "pc", "-m", "32"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", f"file:{serial}"),
        *("-device", "isa-debug-exit,iobase=0xf4,iosize=1"),
        *("-drive", f"file={disk},format=raw,if=ide"),
    ]


def _run_killably(command: list[str], timeout_s: float) -> int | None:
    """Return the exit status, None when time was up. A process that even SIGKILL does not end at once is left."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(_KILL_WAIT_S)
    except subprocess.TimeoutExpired:
        _LOG.warning("a test guest (process %s) hangs in the kernel", process.pid)
    return None


def _key(program: str) -> str:
    """Return what the verdict depends on."""
    found = shutil.which(program)
    built = Path(found).stat().st_mtime_ns if found else 0
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    return f"{os.uname().release} {found} {built} {boot}"


def _read(cache: Path, key: str) -> Verdict | None:
    try:
        kept = json.loads(cache.read_text())
        if kept.pop("key") == key:
            return Verdict(**kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no verdict, or one that nobody can read: make a new one
    return None


def _write(cache: Path, key: str, verdict: Verdict) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps({"key": key, **asdict(verdict)}))
    part.rename(cache)
