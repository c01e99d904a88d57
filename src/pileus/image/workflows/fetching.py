"""Bringing bytes to the staging area: from a URL, through the gate, or from an image in another region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pileus.image.db import staged as stagings
from pileus.image.model.errors import DataRefused
from pileus.image.model.imports import COPY_IMAGE, GLANCE_DIRECT, RECEIVED, WEB_DOWNLOAD
from pileus.image.model.remote import describe
from pileus.image.model.upload import require_size
from pileus.image.workflows.means import Means
from pileus.image.workflows.writing import stage
from pileus.kit.web.fetch import FetchRefused, Source, fetch
from pileus.kit.web.gate import Gate, HostAbsent, within
from pileus.kit.web.url import parse
from pileus.kit.workflow import Run, StepFailed

MOST_DOCUMENT_BYTES = 2**20
_MAY_PASS = 500  # and above: it is the server's own trouble


def fetch_bytes(run: Run, means: Means) -> None:
    """Stage an image's bytes, unless they are staged. Raises what `fetch` does, StepFailed, SourceNotActive."""
    method = run.arguments["method"]
    if method in (GLANCE_DIRECT, COPY_IMAGE) or _is_staged(run, means):
        return
    if method == WEB_DOWNLOAD:
        with _opened(run.arguments["uri"], means.gate, means, {}) as source:
            stage(run, means, RECEIVED, source)
    else:
        _fetch_image(run, means)


def _fetch_image(run: Run, means: Means) -> None:
    """Stage the bytes of another region's image, and take over what describes them."""
    endpoint, token = run.arguments["endpoint"], means.tokens.get(run.id)
    if endpoint is None:
        raise StepFailed("The catalog has no image service in that region with that interface.")
    if token is None:
        raise StepFailed("The service was restarted, and has no token for the other region any more: import again.")
    url = f"{endpoint}/v2/images/{run.arguments['source_image_id']}"
    gate, secrets = Gate(within(parse(endpoint)), ca_file=means.gate.ca_file), {"x-auth-token": token}
    with _opened(url, gate, means, secrets) as document:
        described = describe(_decoded(document), means.plan.extra_properties)
    attributes: dict[str, Any] = {
        "disk_format": described.disk_format,
        "container_format": described.container_format,
        "properties": described.properties,
    }
    with _opened(f"{url}/file", gate, means, secrets) as source:
        stage(run, means, RECEIVED, _whole(source, described.size), attributes)


@contextmanager
def _opened(url: str, gate: Gate, means: Means, secrets: Mapping[str, str]) -> Iterator[Source]:
    """Open what a URL leads to; who says that there is nothing to get is not asked again, nor who does not exist."""
    try:
        with fetch(url, gate, bounds=means.bounds, secrets=secrets) as source:
            yield source
    except HostAbsent as error:
        raise StepFailed(error.reason) from None
    except FetchRefused as error:
        if error.details["status"] >= _MAY_PASS:
            raise
        raise StepFailed(error.reason) from None


def _whole(source: Source, size: int) -> Iterator[bytes]:
    """Yield the bytes. Raises SizeMismatch unless there are as many as the other region says."""
    yield from source
    require_size(size, source.received_bytes)


def _decoded(source: Source) -> Mapping[str, Any]:
    text = b""
    for piece in source:
        text += piece
        if len(text) > MOST_DOCUMENT_BYTES:
            raise DataRefused("The image's description in the other region is too long.")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise DataRefused("The other region's answer is not understood.")
    return document


def _is_staged(run: Run, means: Means) -> bool:
    with means.database.read() as tx:
        return stagings.find(tx, run.subject) is not None
