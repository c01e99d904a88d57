"""An image of another region, fetched with the caller's own token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pileus.clients.image import ImageFailed, ImageNotFound, ImageRefused
from pileus.clients.remote_image import RegionUnknown, RemoteImages, get_endpoint
from pileus.kit.web.fetch import Bounds, FetchFailed, SourceTooLarge
from pileus.kit.web.url import UrlRefused
from tests.kit.web.site import Site, send, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "0f8a2f8e-6e0c-4a5e-9d5e-0d9a4a1e1f10"
CATALOG: list[dict[str, Any]] = [
    {"type": "identity", "endpoints": [{"region_id": "Two", "interface": "public", "url": "http://identity"}]},
    {
        "type": "image",
        "endpoints": [
            {"region_id": "One", "interface": "public", "url": "http://one"},
            {"region_id": "Two", "interface": "internal", "url": "http://two-internal"},
            {"region": "Two", "interface": "public", "url": "http://two"},
        ],
    },
]


@pytest.fixture
def glance() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def remote(glance: Site) -> RemoteImages:
    return RemoteImages(f"{glance.url}/image/", "the caller's", bounds=Bounds(size_bytes=1000))


def test_a_region_is_found_in_the_catalog_as_its_name_is_written_anywhere() -> None:
    assert get_endpoint(CATALOG, "two") == "http://two"
    assert get_endpoint(CATALOG, "Two", "internal") == "http://two-internal"
    for region, interface in (("Three", "public"), ("One", "admin")):
        with pytest.raises(RegionUnknown):
            get_endpoint(CATALOG, region, interface)


def test_document_and_bytes_come_with_the_callers_token(glance: Site, remote: RemoteImages) -> None:
    glance.publish(f"/image/v2/images/{ID}", json.dumps({"id": ID, "status": "active"}).encode())
    glance.publish(f"/image/v2/images/{ID}/file", b"data")
    assert remote.get(ID) == {"id": ID, "status": "active"}
    with remote.download(ID) as source:
        assert (source.size_bytes, b"".join(source)) == (4, b"data")
    assert [headers["x-auth-token"] for _, headers in glance.heard] == ["the caller's"] * 2


@pytest.mark.parametrize(
    ("status", "error"),
    [(204, ImageNotFound), (404, ImageNotFound), (401, ImageRefused), (403, ImageRefused), (500, ImageFailed)],
)
def test_a_refusal_is_told_as_what_it_is(
    glance: Site, remote: RemoteImages, status: int, error: type[Exception]
) -> None:
    glance.pages[f"/image/v2/images/{ID}/file"] = lambda handler: send(handler, status, {})
    with pytest.raises(error), remote.download(ID):
        pass


def test_a_document_that_is_none_and_bytes_without_end_are_refused(glance: Site, remote: RemoteImages) -> None:
    for document in (b"<html>", b"[]"):
        glance.publish(f"/image/v2/images/{ID}", document)
        with pytest.raises(ImageFailed):
            remote.get(ID)
    glance.publish(f"/image/v2/images/{ID}/file", b"x" * 1001)
    with pytest.raises(SourceTooLarge), remote.download(ID):
        pass


def test_a_redirect_away_from_the_endpoint_is_refused(glance: Site, remote: RemoteImages) -> None:
    with serving() as other, serving("127.0.0.2", glance.port) as same_port:
        for elsewhere in (other.publish("/x", b"secret"), same_port.publish("/x", b"secret")):
            glance.redirect(f"/image/v2/images/{ID}/file", elsewhere)
            with pytest.raises(UrlRefused), remote.download(ID):
                pass
        assert other.heard == same_port.heard == []
    glance.redirect(f"/image/v2/images/{ID}/file", f"/image/v2/images/{ID}/file")
    with pytest.raises(FetchFailed), remote.download(ID):
        pass
