"""Speaking to an image service (Glance v2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode

from pileus.clients.session import Session
from pileus.clients.transport import Transport
from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from pileus.kit.http.message import JSON, Reply

CHUNK = 2**20
PAGE = 1000


class ImageNotFound(NotFound):
    """There is no such image, or the caller may not see it."""

    message = "Image {image_id} could not be found."


class ImageRefused(Forbidden):
    """The image service does not let the caller do this."""

    message = "The image service refused: {reason}"


class ImageInvalid(Invalid):
    """The image service does not take what an image shall have, or does not understand what is looked for."""

    message = "{reason}"


class ImageBusy(Conflict):
    """The image's state does not allow it now."""

    message = "The image service refused: {reason}"


class ImageFailed(Unavailable):
    """The image service answered what it should not."""

    message = "The image service answered {status} to {what}."


class Images:
    """The image service's records. `token` is the user's for whom we act; None: our own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, image_id: str, token: str | None = None) -> dict[str, Any]:
        """Return an image's document. Raises ImageNotFound, ImageFailed."""
        reply = self._session.request("image", "GET", f"/v2/images/{image_id}", token=token)
        return dict(self._document(reply, f"GET image {image_id}", image_id))

    def create(self, attributes: Mapping[str, Any], token: str | None = None) -> dict[str, Any]:
        """Make a queued image. Raises ImageInvalid, ImageRefused, ImageFailed."""
        reply = self._session.request("image", "POST", "/v2/images", json=dict(attributes), token=token)
        return dict(self._document(reply, "POST images", str(attributes.get("id"))))

    def list_by(self, **values: str) -> list[dict[str, Any]]:
        """Return the images whose members and properties have these values, the newest first. Raises ImageFailed."""
        query = urlencode({**values, "sort": "created_at:desc", "limit": PAGE})
        reply = self._session.request("image", "GET", f"/v2/images?{query}")
        return list(self._document(reply, "GET images", "")["images"])

    def list_seen(self, query: Mapping[str, str], token: str) -> list[dict[str, Any]]:
        """Return a page of the images that a user sees. Raises ImageInvalid, ImageFailed."""
        reply = self._session.request("image", "GET", f"/v2/images?{urlencode(query)}", token=token)
        return list(self._document(reply, "GET images", "")["images"])

    def update(self, image_id: str, changes: Mapping[str, Any], removed: Sequence[str], token: str) -> dict[str, Any]:
        """Set properties of an image and take others away.

        Raises ImageNotFound, ImageInvalid, ImageRefused, ImageBusy, ImageFailed.
        """
        patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in changes.items()]
        patch += [{"op": "remove", "path": f"/{name}"} for name in removed]
        media = {"content-type": "application/openstack-images-v2.1-json-patch"}
        path = f"/v2/images/{image_id}"
        reply = self._session.request("image", "PATCH", path, json=patch, headers=media, token=token)
        return dict(self._document(reply, f"PATCH image {image_id}", image_id))

    def delete(self, image_id: str, token: str | None = None) -> None:
        """Remove an image; one that is gone is no error. Raises ImageRefused, ImageBusy, ImageFailed."""
        reply = self._session.request("image", "DELETE", f"/v2/images/{image_id}", token=token)
        if reply.status != 404:
            self._document(reply, f"DELETE image {image_id}", image_id)

    def endpoint(self) -> str:
        """Return where image bytes are fetched and stored."""
        return self._session.endpoint("image")

    def token(self) -> str:
        """Return a token of our own, to hand to an agent with an order."""
        return self._session.token()

    def _document(self, reply: Reply, what: str, image_id: str) -> Any:
        if reply.status == 404:
            raise ImageNotFound(image_id=image_id)
        if reply.status == 400:
            raise ImageInvalid(reason=_sentence(reply))
        if reply.status in (403, 413):
            raise ImageRefused(reason=_sentence(reply))
        if reply.status == 409:
            raise ImageBusy(reason=_sentence(reply))
        if reply.status >= 300:
            raise ImageFailed(status=reply.status, what=what)
        return reply.decoded()


class ImageBytes:
    """Images' bytes, for whoever was handed an endpoint and a token."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @contextmanager
    def download(self, endpoint: str, image_id: str, token: str) -> Iterator[Iterator[bytes]]:
        """Open an image's bytes. Raises ImageNotFound, ImageFailed, ServiceUnreachable."""
        url = f"{endpoint}/v2/images/{image_id}/file"
        with self._transport.download(url, {"x-auth-token": token}, CHUNK) as (reply, pieces):
            if reply.status in (204, 404):
                raise ImageNotFound(image_id=image_id)
            if reply.status != 200:
                raise ImageFailed(status=reply.status, what=f"GET the data of image {image_id}")
            yield pieces

    def upload(
        self, endpoint: str, image_id: str, token: str, file: Path, moved: Callable[[int, int], None] | None = None
    ) -> None:
        """Store a file as a queued image's bytes; `moved` is told how many of how many are on their way.

        Raises ImageNotFound, ImageFailed, ServiceUnreachable.
        """
        url = f"{endpoint}/v2/images/{image_id}/file"
        headers = {"x-auth-token": token, "content-type": "application/octet-stream", "accept": JSON}
        with file.open("rb") as source:
            size = file.stat().st_size
            reply = self._transport.upload(url, headers, _pieces(source, size, moved), size)
        if reply.status in (404, 410):
            raise ImageNotFound(image_id=image_id)
        if reply.status in (403, 409, 413):
            raise ImageRefused(reason=_sentence(reply))
        if reply.status != 204:
            raise ImageFailed(status=reply.status, what=f"PUT the data of image {image_id}")


def _pieces(source: BinaryIO, size: int, moved: Callable[[int, int], None] | None) -> Iterator[bytes]:
    while piece := source.read(CHUNK):
        yield piece
        if moved is not None:
            moved(source.tell(), size)


def _sentence(reply: Reply) -> str:
    if not isinstance(reply.body, bytes) or not reply.headers.get("content-type", "").startswith(JSON):
        return f"status {reply.status}"
    return str(reply.decoded().get("message", reply.status)).split("<br />")[0].strip()
