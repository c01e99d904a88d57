"""Our own format: a table with a line of titles (CSV), or documents (JSON) with the same words."""

from __future__ import annotations

import csv
import difflib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from pileus.compute.model.server_group import AFFINITY, ANTI_AFFINITY, SOFT_AFFINITY, SOFT_ANTI_AFFINITY
from pileus.placement.model.inventory import MAX_INT
from pileus.replay.request import Request, Size, TraceInvalid

_POLICIES = (AFFINITY, ANTI_AFFINITY, SOFT_AFFINITY, SOFT_ANTI_AFFINITY)
_REQUIRED = ("start_s", "vcpus", "memory_mb")
_BETWEEN = re.compile(r"[\s,]*")


# --- words ----------------------------------------------------------------------------------------


def _whole(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        try:
            number = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is no whole number") from None
        if not least <= number <= MAX_INT:
            raise ValueError(f"{number} is not between {least} and {MAX_INT}")
        return number

    return read


def seconds(value: Any) -> float:
    """Return a moment of a trace. Raises ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is no number of seconds") from None
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number of seconds")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str | int):
        raise ValueError(f"{value!r} is no text")  # noqa: TRY004 (what is wrong with the file, not with the code)
    return str(value)


def _policy(value: Any) -> str:
    if value not in _POLICIES:
        raise ValueError(f"{value!r} is none of {', '.join(_POLICIES)}")
    return str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON ({error.msg})") from None
    if not isinstance(found, dict):
        raise ValueError('it is no object, such as {"hw:mem_page_size": "large"}')  # noqa: TRY004
    return found


def _texts(value: Any) -> Mapping[str, str]:
    return {name: str(one) for name, one in _mapping(value).items()}


FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "id": _text,
    "start_s": seconds,
    "end_s": seconds,
    "vcpus": _whole(1),
    "memory_mb": _whole(1),
    "disk_gb": _whole(0),
    "project": _text,
    "flavor": _text,
    "availability_zone": _text,
    "group": _text,
    "group_policy": _policy,
    "extra_specs": _texts,
    "image_properties": _mapping,
    "hints": _mapping,
}
"""What each field's words mean. An empty one is as good as none."""


# --- one request ----------------------------------------------------------------------------------


def _request(file: Path, line: int, words: Mapping[str, Any]) -> Request:
    values: dict[str, Any] = {"id": f"line-{line}"}
    for name, word in words.items():
        _require_known(file, line, name)
        if word is None or word == "":
            continue
        try:
            values[name] = FIELDS[name](word)
        except ValueError as error:
            raise TraceInvalid(file=file, place=f"line {line}, {name}", reason=error) from None
    for name in _REQUIRED:
        if name not in values:
            raise TraceInvalid(file=file, place=f"line {line}, {name}", reason="it is missing")
    if values.get("end_s", math.inf) < values["start_s"]:
        raise TraceInvalid(file=file, place=f"line {line}, end_s", reason="it ends before it starts")
    size = Size(values.pop("vcpus"), values.pop("memory_mb"), values.pop("disk_gb", 0))
    return Request(size=size, **values)


def _require_known(file: Path, line: int, name: str) -> None:
    if name not in FIELDS:
        near = difflib.get_close_matches(name, FIELDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(FIELDS)}"
        raise TraceInvalid(file=file, place=f"line {line}, {name or 'a field without a title'}", reason=hint)


# --- tables ---------------------------------------------------------------------------------------


def read_table(file: Path, stream: TextIO) -> Iterator[Request]:
    """Yield what a table asks for; its first line says what is in which column. Raises TraceInvalid."""
    rows = csv.reader(stream, strict=True)
    titles = [title.strip() for title in next(rows, [])]
    for title in titles:
        _require_known(file, 1, title)
    for name in _REQUIRED:
        if name not in titles:
            raise TraceInvalid(file=file, place=f"line 1, {name}", reason="there is no such column")
    try:
        for row in rows:
            if row:
                yield _request(file, rows.line_num, _by_title(file, rows.line_num, titles, row))
    except csv.Error as error:
        raise TraceInvalid(file=file, place=f"line {rows.line_num}", reason=error) from None


def _by_title(file: Path, line: int, titles: Sequence[str], row: Sequence[str]) -> Mapping[str, str]:
    if len(row) != len(titles):
        reason = f"it has {len(row)} fields, and the first line has {len(titles)}"
        raise TraceInvalid(file=file, place=f"line {line}", reason=reason)
    return dict(zip(titles, row, strict=True))


# --- documents ------------------------------------------------------------------------------------


def read_documents(file: Path, stream: TextIO) -> Iterator[Request]:
    """Yield what documents ask for: those of one list, or one after the other. Raises TraceInvalid."""
    for line, document in _documents(file, stream.read()):
        if not isinstance(document, dict):
            raise TraceInvalid(file=file, place=f"line {line}", reason="it is no object")
        yield _request(file, line, document)


def _documents(file: Path, text: str) -> Iterator[tuple[int, Any]]:
    """Yield each document, and the line where it begins."""
    decoder, at, line = json.JSONDecoder(), len(text) - len(text.lstrip()), 1
    line += text.count("\n", 0, at)
    is_list = text.startswith("[", at)
    at += is_list
    while True:
        start = _skip(text, at)
        line += text.count("\n", at, start)
        if is_list and text.startswith("]", start):
            return
        if start == len(text) and not is_list:
            return
        try:
            document, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise TraceInvalid(file=file, place=f"line {error.lineno}", reason=f"no JSON ({error.msg})") from None
        yield line, document
        line += text.count("\n", start, at)


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return at if found is None else found.end()
