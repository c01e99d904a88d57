"""The cache of this host: what is in it, what is queued for it, and taking things out."""

from __future__ import annotations

from typing import Any

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.model.cache import Copy, require_cacheable
from pileus.image.model.cache_errors import CacheManagementOff, CachingOff, ClearTargetUnknown, NodesUnknown
from pileus.image.model.errors import ImageNotFound
from pileus.image.stores.cache import Cache
from pileus.image.stores.caching import Caching
from pileus.kit.http.message import Reply, Request

_COPIES, _QUEUE = "cache", "queue"


def show(_request: Request, backend: Backend) -> Reply:
    """List the copies and the queue."""
    cache = _caching(backend).cache
    return Reply.json({**_copies(cache), **_queue(cache)})


def queue(request: Request, backend: Backend) -> Reply:
    """Fetch an image into the cache."""
    image = access.get(request, backend)
    caching = _caching(backend)
    require_cacheable(image, caching.cache.max_size_bytes)
    caching.cache.enqueue(image.id)
    caching.pull(image)  # if nobody has time now, the loop comes to it
    return Reply.empty(202)


def remove(request: Request, backend: Backend) -> Reply:
    """Take an image out of the cache and the queue; also one that was deleted meanwhile."""
    image_id = request.params["image_id"]
    try:
        access.get(request, backend)
    except ImageNotFound:
        if backend.caching is None or not _is_in(backend.caching.cache, image_id):
            raise
        request.require({})
    _caching(backend).drop(image_id)
    return Reply.empty()


def clear(request: Request, backend: Backend) -> Reply:
    """Empty the cache, the queue or both."""
    cache = _caching(backend).cache
    wanted = request.headers.get("x-image-cache-clear-target", "").lower()
    if wanted not in ("", _COPIES, _QUEUE):
        raise ClearTargetUnknown
    if wanted != _QUEUE:
        cache.clear()
    if wanted != _COPIES:
        cache.clear_queue()
    return Reply.empty()


def clean(_request: Request, backend: Backend) -> Reply:
    """Delete what came of copies that nobody brings any more."""
    _caching(backend).cache.clean()
    return Reply.empty(200)


def prune(_request: Request, backend: Backend) -> Reply:
    """Delete what was not used for longest, until the rest is no more than the cache may hold."""
    files, size = _caching(backend).cache.prune()
    return Reply.json({"total_files_pruned": files, "total_bytes_pruned": size})


def list_nodes(_request: Request, backend: Backend) -> Reply:
    """Tell on which hosts an image is: nobody knows, as each host knows its own copies only."""
    _caching(backend)
    raise NodesUnknown


# --- the older routes -------------------------------------------------------------------------------


def list_copies(_request: Request, backend: Backend) -> Reply:
    """List the copies."""
    return Reply.json(_copies(_managed(backend)))


def list_queued(_request: Request, backend: Backend) -> Reply:
    """List the queue."""
    return Reply.json(_queue(_managed(backend)))


def delete_copy(request: Request, backend: Backend) -> Reply:
    """Delete an image's copy."""
    _managed(backend).delete(request.params["image_id"])
    return Reply.empty(200)


def delete_copies(_request: Request, backend: Backend) -> Reply:
    """Delete all copies."""
    return Reply.json({"num_deleted": _managed(backend).clear()})


def enqueue(request: Request, backend: Backend) -> Reply:
    """Put an image in the queue."""
    image = access.get(request, backend)
    cache = _managed(backend)
    require_cacheable(image, cache.max_size_bytes)
    cache.enqueue(image.id)
    return Reply.empty(200)


def dequeue(request: Request, backend: Backend) -> Reply:
    """Take an image out of the queue."""
    _managed(backend).dequeue(request.params["image_id"])
    return Reply.empty(200)


def clear_queue(_request: Request, backend: Backend) -> Reply:
    """Empty the queue."""
    return Reply.json({"num_deleted": _managed(backend).clear_queue()})


def _caching(backend: Backend) -> Caching:
    if backend.caching is None:
        raise CachingOff
    return backend.caching


def _managed(backend: Backend) -> Cache:
    if backend.caching is None or not backend.caching.has_management:
        raise CacheManagementOff
    return backend.caching.cache


def _is_in(cache: Cache, image_id: str) -> bool:
    return image_id in cache.list_queued() or any(copy.image_id == image_id for copy in cache.list_copies())


def _copies(cache: Cache) -> dict[str, Any]:
    return {"cached_images": [_copy(copy) for copy in cache.list_copies()]}


def _queue(cache: Cache) -> dict[str, Any]:
    return {"queued_images": cache.list_queued()}


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        "image_id": copy.image_id,
        "last_accessed": copy.last_accessed,
        "last_modified": copy.last_modified,
        "size": copy.size,
        "hits": copy.hits,
    }
