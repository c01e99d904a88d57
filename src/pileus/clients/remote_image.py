"""Speaking to the image service of another region, which a caller names and the catalog of his token knows.

The endpoint is the operator's, so it may be anywhere; but nothing else passes the gate. A redirect that leads away from
it is refused, whatever it leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from pileus.clients.image import ImageFailed, ImageNotFound, ImageRefused
from pileus.kit.errors import Invalid
from pileus.kit.web.fetch import USUAL, Bounds, FetchRefused, Source, fetch
from pileus.kit.web.gate import Gate, Resolve, system_addresses, within
from pileus.kit.web.url import parse

DOCUMENT_BYTES = 2**22
INTERFACE = "public"


class RegionUnknown(Invalid):
    """The catalog of the caller has no image service there."""

    message = "The catalog has no {interface} endpoint of an image service in region '{region}'."


class RemoteImages:
    """The images of another region, as the caller sees them whose token it is."""

    def __init__(
        self,
        endpoint: str,
        token: str,
        *,
        bounds: Bounds = USUAL,
        ca_file: str = "",
        resolve: Resolve = system_addresses,
    ) -> None:
        self._base = f"{endpoint.rstrip('/')}/v2/images"
        self._token = token
        self._bounds = bounds
        self._gate = Gate(within(parse(endpoint)), resolve, ca_file=ca_file)

    def get(self, image_id: str) -> dict[str, Any]:
        """Return an image's document. Raises ImageNotFound, ImageRefused, ImageFailed, FetchFailed."""
        small = replace(self._bounds, size_bytes=DOCUMENT_BYTES)
        with self._fetched(image_id, f"{self._base}/{image_id}", small) as source:
            try:
                return msgspec.json.decode(b"".join(source), type=dict[str, Any])
            except msgspec.DecodeError:
                raise ImageFailed(status=source.status, what=f"GET image {image_id}") from None

    @contextmanager
    def download(self, image_id: str) -> Iterator[Source]:
        """Open an image's bytes. Raises ImageNotFound, ImageRefused, ImageFailed, FetchFailed, SourceTooLarge."""
        with self._fetched(image_id, f"{self._base}/{image_id}/file", self._bounds) as source:
            yield source

    @contextmanager
    def _fetched(self, image_id: str, url: str, bounds: Bounds) -> Iterator[Source]:
        secrets = {"x-auth-token": self._token}
        try:
            with fetch(url, self._gate, bounds=bounds, secrets=secrets) as source:
                yield source
        except FetchRefused as refusal:
            status = refusal.details["status"]
            if status in (204, 404):
                raise ImageNotFound(image_id=image_id) from None
            if status in (401, 403):
                raise ImageRefused(reason=f"status {status}") from None
            raise ImageFailed(status=status, what=f"GET image {image_id}") from None


def get_endpoint(catalog: Iterable[Mapping[str, Any]], region: str, interface: str = INTERFACE) -> str:
    """Return where the image service of a region is. Raises RegionUnknown."""
    for service in catalog:
        for endpoint in service["endpoints"] if service["type"] == "image" else ():
            here = str(endpoint.get("region_id") or endpoint.get("region", ""))
            if here.lower() == region.lower() and endpoint["interface"] == interface:
                return str(endpoint["url"])
    raise RegionUnknown(region=region, interface=interface)
