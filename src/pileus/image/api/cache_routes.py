"""The cache's part of the image API, a row each; the last seven are the older ones."""

from __future__ import annotations

from pileus.image.api import cache
from pileus.kit.http.routes import Target, route

CACHE_ROWS = (
    route("GET", "/v2/cache", cache.show, "cache_list"),
    route("GET", "/v2/cache/", cache.show, "cache_list"),
    route("DELETE", "/v2/cache", cache.clear, "cache_delete"),
    route("PUT", "/v2/cache/{image_id}", cache.queue, "cache_image", target=Target.ROW),
    route("DELETE", "/v2/cache/{image_id}", cache.remove, "cache_delete", target=Target.ROW),
    route("POST", "/v2/cache/clean", cache.clean, "cache_clean"),
    route("POST", "/v2/cache/prune", cache.prune, "cache_prune"),
    route("GET", "/v2/cache/nodes/{image_id}", cache.list_nodes, "list_cached_nodes"),
    route("GET", "/v2/cached_images", cache.list_copies, "manage_image_cache"),
    route("DELETE", "/v2/cached_images", cache.delete_copies, "manage_image_cache"),
    route("DELETE", "/v2/cached_images/{image_id}", cache.delete_copy, "manage_image_cache"),
    route("GET", "/v2/queued_images", cache.list_queued, "manage_image_cache"),
    route("DELETE", "/v2/queued_images", cache.clear_queue, "manage_image_cache"),
    route("PUT", "/v2/queued_images/{image_id}", cache.enqueue, "manage_image_cache", target=Target.ROW),
    route("DELETE", "/v2/queued_images/{image_id}", cache.dequeue, "manage_image_cache"),
)
