"""The versions of the image API. They have no header of their own: a client looks here, then uses what there is."""

from __future__ import annotations

from pileus.image.backend import Backend
from pileus.kit.http.message import Reply, Request

CURRENT = "2.17"
SUPPORTED = (
    "2.15",  # images that are in the cache can be listed and dropped
    "2.13",  # tasks of an image
    "2.12",  # an import may go on where some stores fail; images may be listed by their stores
    "2.11",  # copy-image
    "2.10",  # the bytes of one store can be deleted
    "2.9",  # a hash of choice
    "2.8",  # many stores
    "2.7",  # hidden images; protected and os_hidden as filters
    "2.6",  # staged import
    "2.5",  # community images
    "2.4",
    "2.3",
    "2.2",
    "2.1",
    "2.0",
)


def choose(request: Request, _backend: Backend) -> Reply:
    """Answer `/`: choose a version."""
    return Reply.json(_document(request), 300)


def show(request: Request, _backend: Backend) -> Reply:
    """Answer `/versions`."""
    return Reply.json(_document(request))


def _document(request: Request) -> dict[str, object]:
    links = [{"rel": "self", "href": f"{request.base_url}/v2/"}]
    versions = [(CURRENT, "CURRENT"), *((version, "SUPPORTED") for version in SUPPORTED)]
    return {"versions": [{"id": f"v{id_}", "status": status, "links": links} for id_, status in versions]}
