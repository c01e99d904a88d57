"""The versions of the image API. They have no header of their own: a client looks here, then uses what there is."""

from __future__ import annotations

from pileus.image.backend import Backend
from pileus.kit.http.message import Reply, Request

OF_THE_CACHE = ("2.18", "2.16", "2.14")
VERSIONS = (
    "2.17",
    "2.15",
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
_V2 = frozenset({"v2", *(f"v{version}" for version in (*VERSIONS, *OF_THE_CACHE))})


def translate(method: str, path: str) -> tuple[str, str]:
    """Return what a request is for: all our versions are one, and who wants another one is told which there are."""
    version, slash, rest = path.lstrip("/").partition("/")
    if not version:
        return method, "/"
    if version == "versions":
        return method, "/versions"
    return (method, f"/v2{slash}{rest}") if version in _V2 else ("GET", "/")


def choose(request: Request, backend: Backend) -> Reply:
    """Answer `/`: choose a version."""
    return Reply.json(_document(request, backend), 300)


def show(request: Request, backend: Backend) -> Reply:
    """Answer `/versions`."""
    return Reply.json(_document(request, backend))


def _document(request: Request, backend: Backend) -> dict[str, object]:
    links = [{"rel": "self", "href": f"{request.base_url}/v2/"}]
    known = VERSIONS if backend.caching is None else sorted((*VERSIONS, *OF_THE_CACHE), key=_minor, reverse=True)
    statuses = {known[0]: "CURRENT"}
    return {"versions": [{"id": f"v{v}", "status": statuses.get(v, "SUPPORTED"), "links": links} for v in known]}


def _minor(version: str) -> int:
    return int(version.partition(".")[2])
