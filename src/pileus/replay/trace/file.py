"""A trace's file, whatever its format."""

from __future__ import annotations

import gzip
import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pileus.replay.request import Request, Size, TraceInvalid
from pileus.replay.trace.packing import MAGIC, read_packing
from pileus.replay.trace.plain import read_documents, read_table
from pileus.replay.trace.vmtable import is_table, read_vmtable


@dataclass(frozen=True, slots=True)
class Trace:
    """What a trace asks for."""

    requests: Sequence[Request]  # in order of time
    left_out: int  # servers that the trace does not let run on such hosts


def read(file: Path, host: Size, *, limit: int | None = None, share: float = 1.0, seed: int | None = None) -> Trace:
    """Return what a trace asks for: a share of it, and no more than the first so many.

    The seed says which servers are of the share; given one, servers that come at the same moment come in an order of
    its choice, and not in the file's. `host` is what those traces mean that speak of shares of a machine.

    Raises TraceInvalid, OSError.
    """
    dice = random.Random(seed or 0)  # noqa: S311 (nobody must not guess it)
    left_out = 0

    def keyed() -> Iterator[tuple[float, float, int, Request]]:
        nonlocal left_out
        for number, one in enumerate(_read(file, host)):
            if one is None:
                left_out += 1
            elif share >= 1 or dice.random() < share:
                yield one.start_s, number if seed is None else dice.random(), number, one

    ordered = sorted(keyed()) if limit is None else heapq.nsmallest(limit, keyed())
    if not ordered:
        raise TraceInvalid(file=file, place="from beginning to end", reason="there is no server in it")
    return Trace([one for *_, one in ordered], left_out)


def _read(file: Path, host: Size) -> Iterator[Request | None]:
    with file.open("rb") as raw:
        start = raw.read(len(MAGIC))
    if start == MAGIC:
        yield from read_packing(file, host)
        return
    try:
        with _open(file, is_packed=start.startswith(b"\x1f\x8b")) as stream:
            yield from _read_text(file, stream)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise TraceInvalid(file=file, place="as text", reason=error) from None


def _read_text(file: Path, stream: TextIO) -> Iterator[Request]:
    """Yield what the text asks for; its beginning tells its format."""
    first = stream.readline()
    while first.isspace():
        first = stream.readline()
    stream.seek(0)
    if first.lstrip().startswith(("{", "[")):
        return read_documents(file, stream)
    return read_vmtable(file, stream) if is_table(first) else read_table(file, stream)


def _open(file: Path, *, is_packed: bool) -> TextIO:
    if is_packed:
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")
