"""Catalogues of metadata definitions as files: a namespace in each, in the JSON that the API speaks too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from pileus.image.model.metadef import NOBODY, Definition
from pileus.image.model.metadef_document import read as read_document
from pileus.image.model.metadef_document import write as write_document
from pileus.image.model.metadef_errors import CatalogueInvalid, CatalogueMissing
from pileus.image.model.metadef_schema import NAMESPACE
from pileus.kit.schema import Schema

SHIPPED = Path(__file__).parent / "metadefs"
"""The catalogue that comes with Pileus."""

_SCHEMA = Schema({**NAMESPACE, "type": "object"})


def read(path: Path, now: datetime) -> Sequence[Definition]:
    """Return what a directory's `*.json` files define, or one file. Raises CatalogueMissing, CatalogueInvalid."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise CatalogueMissing(directory=path)
    return [_read_file(file, now) for file in files]


def write(directory: Path, definitions: Iterable[Definition]) -> Iterator[Path]:
    """Write a file for each namespace, over those of the same name, and say which."""
    directory.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for definition in definitions:
        name = _file_name(definition.namespace.namespace, taken)
        taken.add(name.lower())  # some file systems know no upper case
        text = json.dumps(write_document(definition), indent=4, ensure_ascii=False)
        (directory / name).write_text(f"{text}\n", encoding="utf-8")
        yield directory / name


def _read_file(file: Path, now: datetime) -> Definition:
    try:
        document = msgspec.json.decode(file.read_bytes())
    except msgspec.DecodeError as error:
        raise CatalogueInvalid(file=file, reason=error) from None
    mismatch = _SCHEMA.mismatch(document)
    if mismatch is not None:
        where = "/".join(map(str, mismatch.path))
        raise CatalogueInvalid(file=file, reason=f"{mismatch.sentence} ({where or 'the whole'})")
    return read_document(document, NOBODY, now)


def _file_name(namespace: str, taken: set[str]) -> str:
    stem = re.sub(r"\W+", "-", namespace, flags=re.ASCII).strip("-") or "namespace"
    number = 1
    name = f"{stem}.json"
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}.json"
    return name
