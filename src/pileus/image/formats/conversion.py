"""Writing a disk image in another format, with qemu-img.

qemu-img opens whatever an image tells it to, so it never guesses: the bytes are looked at first, and each call names
the format. It runs under limits that are set before it starts (by `prlimit`, of util-linux), without a shell, and with
a deadline. All of it is slow: it never runs on a request's thread or in a transaction.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from pileus.image.formats import digest as digests
from pileus.image.formats.inspection import DEFAULT_RULES, Rules, inspect_file
from pileus.image.model.digest import Digest
from pileus.image.model.format_errors import ConversionFailed, FormatNotConvertible
from pileus.image.settings import Settings

QEMU_NAMES = {"raw": "raw", "qcow2": "qcow2", "vdi": "vdi", "vmdk": "vmdk", "vhd": "vpc", "vhdx": "vhdx"}
"""What qemu-img calls the disk formats that it reads here."""

OUTPUT_OPTIONS: dict[str, Sequence[str]] = {
    "raw": (),
    "qcow2": (),
    "vdi": (),
    "vmdk": ("-o", "subformat=streamOptimized"),
    "vhd": ("-o", "force_size=on"),  # else the disk grows to a whole number of cylinders
}
"""The formats that are written, and how. vhdx is only read."""

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_PERCENT = re.compile(r"\(([0-9.]+)/100%\)")
_SAID_BYTES = 4000

_FRAME_BYTES = 4 * 2**20  # headers, and what is only there once
_FRAME_SHARE = 64  # tables, and what does not get smaller by being compressed: below this part of the disk

Permit = Callable[[int], object]
"""Hears how many bytes a target will have at most, before the first is written. What it raises ends the conversion."""

Progress = Callable[[float], None]
"""Hears which share of the work is done, from 0 to 1. What it raises ends the conversion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionLimits:
    """How much one run of qemu-img may take."""

    address_space_mb: int = 2048
    cpu_s: int = 3600
    timeout_s: float = 7200
    file_bytes: int = 2**40  # of the result; a larger disk is not even begun

    @classmethod
    def of(cls, settings: Settings) -> ConversionLimits:
        """Return what the settings say."""
        chosen = settings.conversion
        return cls(
            address_space_mb=chosen.address_space_mb,
            cpu_s=chosen.cpu_s,
            timeout_s=chosen.timeout_s,
            file_bytes=settings.limits.size_gb * 2**30,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A file in its new format. Both sizes are in bytes; the virtual one is that of the disk."""

    size: int
    virtual_size: int


def _quietly(_share: float) -> None:
    """Tell nobody."""


def _freely(_most_bytes: int) -> None:
    """There is room for anything."""


def convert(
    source: Path,
    target: Path,
    *,
    source_format: str,
    target_format: str,
    limits: ConversionLimits,
    rules: Rules = DEFAULT_RULES,
    expected: Digest | None = None,
    permit: Permit = _freely,
    progress: Progress = _quietly,
) -> Converted:
    """Write `source`, once its digest is the expected one and it is what it is said to be, as a new file `target`.

    It is on disk then. No target is left after a failure.

    Raises DigestMismatch, DataRefused, FormatNotConvertible, ConversionFailed, and what `permit` and `progress` do.
    """
    _require_convertible(source_format, target_format)
    if expected is not None:
        digests.require_file(source, expected)
    inspect_file(source, source_format, rules).require_only(source_format)
    run = _Run(source_format, target_format, limits)
    virtual_size = run.measure(source, rules)
    most_bytes = _most_bytes(virtual_size, target_format)
    permit(most_bytes)
    try:
        run.write(source, target, most_bytes, progress)
        inspect_file(target, target_format, rules).require_only(target_format)
        run.bring_to_disk(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Converted(size=target.stat().st_size, virtual_size=virtual_size)


def _most_bytes(virtual_size: int, target_format: str) -> int:
    """Return how many bytes a disk has at most in a format."""
    return virtual_size + (0 if target_format == "raw" else virtual_size // _FRAME_SHARE + _FRAME_BYTES)


def _require_convertible(source_format: str, target_format: str) -> None:
    if source_format not in QEMU_NAMES:
        raise FormatNotConvertible(direction="from", name=source_format, known=", ".join(QEMU_NAMES))
    if target_format not in OUTPUT_OPTIONS:
        raise FormatNotConvertible(direction="to", name=target_format, known=", ".join(OUTPUT_OPTIONS))


@dataclass(frozen=True, slots=True)
class _Run:
    """What all calls of qemu-img for one conversion have in common."""

    source_format: str
    target_format: str
    limits: ConversionLimits

    def measure(self, source: Path, rules: Rules) -> int:
        """Return how many bytes the disk has, if qemu-img too finds the image safe. Raises ConversionFailed."""
        said: list[str] = []
        self._call(["info", "-f", QEMU_NAMES[self.source_format], "--output=json"], [source], said.append)
        document = json.loads("".join(said))
        self._require_safe(document, rules)
        virtual_size = int(document["virtual-size"])
        if virtual_size > self.limits.file_bytes:
            raise self._failed(f"the disk has {virtual_size} bytes, and {self.limits.file_bytes} are allowed")
        return virtual_size

    def write(self, source: Path, target: Path, most_bytes: int, progress: Progress) -> None:
        """Write the target, which gets no larger than that. Raises ConversionFailed."""

        def hear(text: str) -> None:
            for percent in _PERCENT.findall(text):
                progress(float(percent) / 100)

        formats = ["-f", QEMU_NAMES[self.source_format], "-O", QEMU_NAMES[self.target_format]]
        call = ["convert", "-p", *formats, *OUTPUT_OPTIONS[self.target_format]]
        self._call(call, [source, target], hear, min(most_bytes, self.limits.file_bytes))

    def bring_to_disk(self, target: Path) -> None:
        """Make sure that the target, and its name, outlive the machine. Raises ConversionFailed."""
        for path in (target, target.parent):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            except OSError as error:
                raise self._failed(error.strerror or "it cannot be brought to disk") from error
            finally:
                os.close(descriptor)

    def _require_safe(self, document: dict[str, Any], rules: Rules) -> None:
        """Raise ConversionFailed if qemu-img sees what the inspection did not."""
        details = document.get("format-specific", {}).get("data", {})
        if document.get("format") != QEMU_NAMES[self.source_format]:
            raise self._failed(f"qemu-img takes it for {document.get('format')}")
        if "backing-filename" in document:
            raise self._failed("it has a backing file")
        if "data-file" in details:
            raise self._failed("its data is in another file")
        if self.source_format == "vmdk" and str(details.get("create-type")).lower() not in rules.vmdk_types:
            raise self._failed(f"its VMDK subtype '{details.get('create-type')}' is not allowed")

    def _call(
        self,
        arguments: Sequence[str],
        files: Sequence[Path],
        hear: Callable[[str], None],
        file_bytes: int | None = None,
    ) -> None:
        """Run qemu-img, pass on what it says, and end it at the deadline or if `hear` raises."""
        paths = [str(path.absolute()) for path in files]  # with a slash in front no name is taken for a URL
        command = [*self._limiter(file_bytes), _program("qemu-img"), *arguments, "--", *paths]
        process = subprocess.Popen(
            command,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process, _Deadline(process, self.limits.timeout_s) as deadline:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                _pass_on(process.stdout, hear)
                complaint = process.stderr.read(_SAID_BYTES).decode(errors="replace").strip()
            except BaseException:
                process.kill()
                raise
        if deadline.has_passed:
            raise self._failed(f"it took longer than {self.limits.timeout_s:g} seconds")
        if process.returncode:
            raise self._failed(self._readable(complaint, paths) or f"qemu-img ended with {process.returncode}")

    def _limiter(self, file_bytes: int | None) -> Sequence[str]:
        limits = self.limits
        return [
            _program("prlimit"),
            f"--as={limits.address_space_mb * 2**20}",
            f"--cpu={limits.cpu_s}",
            f"--fsize={limits.file_bytes if file_bytes is None else file_bytes}",
            "--core=0",
            "--",
        ]

    def _failed(self, reason: str) -> ConversionFailed:
        return ConversionFailed(source=self.source_format, target=self.target_format, reason=reason)

    @staticmethod
    def _readable(complaint: str, paths: Sequence[str]) -> str:
        """Return a complaint without the server's folders."""
        for path in paths:
            complaint = complaint.replace(path, "the image")
        return complaint


class _Deadline:
    """Kills a process that takes too long."""

    def __init__(self, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        self._process = process
        self._timer = threading.Timer(timeout_s, self._pass)
        self._timer.daemon = True
        self.has_passed = False

    def _pass(self) -> None:
        self.has_passed = True
        self._process.kill()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.wait()
        self._timer.cancel()


def _pass_on(stream: IO[bytes], hear: Callable[[str], None]) -> None:
    """Pass on what a process says, a chunk at a time; a line may come in two of them."""
    rest = ""
    while said := stream.read1(2**16):  # type: ignore[attr-defined]
        lines = (rest + said.decode(errors="replace")).replace("\r", "\n").split("\n")
        rest = lines.pop()
        for line in lines:
            hear(line)
    hear(rest)


def _program(name: str) -> str:
    path = shutil.which(name, path=_ENVIRONMENT["PATH"])
    if path is None:
        package = {"qemu-img": "qemu-utils", "prlimit": "util-linux"}[name]
        raise ConversionFailed(f"There is no {name}: install the package {package}.")
    return path
