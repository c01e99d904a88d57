"""The Azure Public Dataset's `vmtable.csv`, of 2017 and of 2019: a table without titles."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO, TypeVar

from pileus.replay.request import Request, Size, TraceInvalid
from pileus.replay.trace.plain import seconds

T = TypeVar("T")

TITLES = (
    "vmid", "subscriptionid", "deploymentid", "vmcreated", "vmdeleted", "maxcpu", "avgcpu", "p95maxcpu", "vmcategory",
    "vmcorecountbucket", "vmmemorybucket",
)  # fmt: skip
_COLUMN = {title: number for number, title in enumerate(TITLES)}


def is_table(first: str) -> bool:
    """Tell whether a first line is of such a table; some copies have titles."""
    cells = first.strip().split(",")
    return len(cells) == len(TITLES) and ("vmid" in cells or cells[_COLUMN["vmcreated"]].strip().isdecimal())


def read_vmtable(file: Path, stream: TextIO) -> Iterator[Request]:
    """Yield what the table asks for; its servers have no disk. Raises TraceInvalid."""
    rows = csv.reader(stream)
    for row in rows:
        if not row or row[0] == "vmid":
            continue
        if len(row) != len(TITLES):
            reason = f"it has {len(row)} fields, not {len(TITLES)}"
            raise TraceInvalid(file=file, place=f"line {rows.line_num}", reason=reason)
        yield _request(_Row(file, rows.line_num, row))


class _Row:
    def __init__(self, file: Path, line: int, cells: Sequence[str]) -> None:
        self._file, self._line, self._cells = file, line, cells

    def get(self, title: str, meaning: Callable[[str], T]) -> T:
        """Return what a cell says. Raises TraceInvalid."""
        try:
            return meaning(self._cells[_COLUMN[title]])
        except ValueError as error:
            raise TraceInvalid(file=self._file, place=f"line {self._line}, {title}", reason=error) from None


def _request(row: _Row) -> Request:
    cores, memory_gb = row.get("vmcorecountbucket", _bucket), row.get("vmmemorybucket", _bucket)
    return Request(
        id=row.get("vmid", str),
        start_s=row.get("vmcreated", seconds),
        end_s=row.get("vmdeleted", seconds),
        size=Size(max(1, round(cores)), max(1, round(memory_gb * 1024))),
        project=sys.intern(row.get("subscriptionid", str)),
        flavor=sys.intern(f"{cores:g} cores, {memory_gb:g} GiB"),
    )


def _bucket(text: str) -> float:
    """Return a number; of a bucket such as >24, whose servers are larger than that, the next power of two."""
    word = text.strip()
    number = float(1 << int(word[1:]).bit_length()) if word.startswith(">") else seconds(word)
    if number <= 0:
        raise ValueError(f"{text!r} is not greater than 0")
    return number
