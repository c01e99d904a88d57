"""The image API, a row each."""

from __future__ import annotations

from pileus.image.api import (
    action,
    data,
    discovery,
    image,
    imports,
    location,
    member,
    schema,
    staging,
    store,
    tag,
    task,
    versions,
)
from pileus.image.api.cache_routes import CACHE_ROWS
from pileus.image.api.metadef_routes import METADEF_ROWS
from pileus.image.backend import Backend
from pileus.kit.http.routes import PUBLIC, RouteTable, Target, route

ROW = Target.ROW

ROUTES: RouteTable[Backend] = RouteTable(
    [
        route("GET", "/", versions.choose, PUBLIC),
        route("GET", "/versions", versions.show, PUBLIC),
        # images
        route("POST", "/v2/images", image.create, "add_image", target=ROW),
        route("GET", "/v2/images", image.index, "get_images"),
        route("GET", "/v2/images/{image_id}", image.show, "get_image", target=ROW, is_instant=True),
        route("PATCH", "/v2/images/{image_id}", image.update, "modify_image", target=ROW),
        route("DELETE", "/v2/images/{image_id}", image.delete, "delete_image", target=ROW),
        route("POST", "/v2/images/{image_id}/actions/deactivate", action.deactivate, "deactivate", target=ROW),
        route("POST", "/v2/images/{image_id}/actions/reactivate", action.reactivate, "reactivate", target=ROW),
        # their bytes
        route("PUT", "/v2/images/{image_id}/file", data.upload, "upload_image", target=ROW, is_stream=True),
        route("GET", "/v2/images/{image_id}/file", data.download, "download_image", target=ROW, is_stream=True),
        route("PUT", "/v2/images/{image_id}/stage", staging.stage, "modify_image", target=ROW, is_stream=True),
        route("POST", "/v2/images/{image_id}/import", imports.begin, "get_image", target=ROW),
        route("GET", "/v2/images/{image_id}/tasks", task.index_of_image, "get_image", target=ROW),
        # tasks
        route("POST", "/v2/tasks", task.create, "tasks_api_access"),
        route("GET", "/v2/tasks", task.index, "tasks_api_access"),
        route("GET", "/v2/tasks/{task_id}", task.show, "tasks_api_access"),
        route("DELETE", "/v2/tasks/{task_id}", task.delete, "tasks_api_access"),
        # tags
        route("PUT", "/v2/images/{image_id}/tags/{tag}", tag.add, "modify_image", target=ROW),
        route("DELETE", "/v2/images/{image_id}/tags/{tag}", tag.remove, "modify_image", target=ROW),
        # members
        route("POST", "/v2/images/{image_id}/members", member.create, "add_member", target=ROW),
        route("GET", "/v2/images/{image_id}/members", member.index, "get_members", target=ROW),
        route("GET", "/v2/images/{image_id}/members/{member_id}", member.show, "get_member", target=ROW),
        route("PUT", "/v2/images/{image_id}/members/{member_id}", member.update, "modify_member", target=ROW),
        route("DELETE", "/v2/images/{image_id}/members/{member_id}", member.delete, "delete_member", target=ROW),
        *CACHE_ROWS,
        *METADEF_ROWS,
        # what there is
        route("GET", "/v2/schemas/{name}", schema.show, "get_schema"),
        route("GET", "/v2/info/import", discovery.list_import_methods, "get_import_info"),
        route("GET", "/v2/info/usage", discovery.show_usage, "get_usage_info"),
        route("GET", "/v2/info/stores", store.index, "get_stores_info"),
        route("GET", "/v2/info/stores/detail", store.detail, "stores_info_detail"),
        # where their bytes lie
        route("POST", "/v2/images/{image_id}/locations", location.add, "add_image_location", target=ROW),
        route("GET", "/v2/images/{image_id}/locations", location.index, "fetch_image_location", target=ROW),
        route("DELETE", "/v2/stores/{store_id}/{image_id}", store.delete_image, "delete_image_location", target=ROW),
    ],
    translate=versions.translate,
)
