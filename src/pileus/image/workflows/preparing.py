"""Making of staged bytes what is stored: held against their digest, unpacked, converted.

Each step leaves other bytes staged, which say how far they are; so none is done twice to the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pileus.image.formats.check import new_checks
from pileus.image.formats.conversion import convert
from pileus.image.formats.decompression import decompress, find_compression
from pileus.image.formats.ova import open_disk
from pileus.image.model.image import Image
from pileus.image.model.imports import (
    CONVERSION,
    CONVERTED,
    COPY_IMAGE,
    DECOMPRESSION,
    EXTRACTED,
    EXTRACTION,
    RECEIVED,
    UNPACKED,
)
from pileus.image.model.upload import STAGING
from pileus.image.operations.quota import reserving
from pileus.image.workflows.means import Means
from pileus.image.workflows.writing import announced, settle, stage, staged_bytes, staged_file
from pileus.kit.workflow import Run

READ_BYTES = 2**20
_KEPT_FORMATS = ("iso",)  # nothing is converted from these


def verify(run: Run, means: Means) -> None:
    """Hold the bytes, as they came, against what they must be. Raises DigestMismatch, SignatureRefused."""
    if run.arguments["method"] == COPY_IMAGE:
        return
    checks = new_checks(means.image(run.subject), means.certificates, means.tokens.get(run.id, ""))
    staged = staged_bytes(run, means)
    if not checks or staged.form != RECEIVED:
        return
    with means.staging.open(staged.location.key) as reader:
        offset = 0
        while piece := reader.read(offset, READ_BYTES):
            offset += len(piece)
            for check in checks:
                check.look([piece])
    for check in checks:
        check.conclude()


def _prepare(run: Run, means: Means, plugin: str, form: int, work: Callable[[Run, Means, Image, Path], None]) -> None:
    """Do a plugin's work, if the operator wants it and it has not been done."""
    if plugin not in means.plan.plugins or run.arguments["method"] == COPY_IMAGE:
        return
    staged = staged_bytes(run, means)
    if staged.form < form:
        work(run, means, means.image(run.subject), staged_file(means, staged.location.key))


def unpack(run: Run, means: Means) -> None:
    """Decompress the bytes, unless the image is meant to be compressed. Raises ArchiveRefused, ImageTooLarge."""
    _prepare(run, means, DECOMPRESSION, UNPACKED, _unpack)


def _unpack(run: Run, means: Means, image: Image, path: Path) -> None:
    kind = None if image.container_format == "compressed" else find_compression(path)
    if kind is not None:
        stage(run, means, UNPACKED, decompress(path, kind, limit_bytes=means.limits.size_bytes))


def extract(run: Run, means: Means) -> None:
    """Take the disk out of an OVA package, and what the package says of it. Raises ArchiveRefused."""
    _prepare(run, means, EXTRACTION, EXTRACTED, _extract)


def _extract(run: Run, means: Means, image: Image, path: Path) -> None:
    if image.container_format != "ova":
        return
    with open_disk(path, means.plan.ovf_properties) as disk:
        attributes: dict[str, Any] = {"container_format": "bare", "properties": disk.properties}
        stage(run, means, EXTRACTED, disk.pieces(), attributes)


def convert_bytes(run: Run, means: Means) -> None:
    """Write the bytes in the operator's format.

    Raises DataRefused, FormatNotConvertible, ConversionFailed, ProjectOverLimit.
    """
    _prepare(run, means, CONVERSION, CONVERTED, _convert)


def _convert(run: Run, means: Means, image: Image, path: Path) -> None:
    target_format, source_format = means.plan.output_format, image.disk_format or ""
    if source_format in (target_format, *_KEPT_FORMATS) or image.container_format != "bare":
        return
    with announced(run, means, image, STAGING) as upload:
        converted = convert(
            path,
            staged_file(means, upload.location.key),
            source_format=source_format,
            target_format=target_format,
            limits=means.conversion,
            rules=means.rules,
            permit=reserving(means.database, image, upload, means.quota_of(image.owner)),
        )
        settle(run, means, upload, CONVERTED, converted.size, {"disk_format": target_format})
