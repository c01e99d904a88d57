"""The image API, a row each."""

from __future__ import annotations

from pileus.image.api import data, discovery, image, member, schema, tag, versions
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
        route("GET", "/v2/images/{image_id}", image.show, "get_image", target=ROW),
        route("PATCH", "/v2/images/{image_id}", image.update, "modify_image", target=ROW),
        route("DELETE", "/v2/images/{image_id}", image.delete, "delete_image", target=ROW),
        # their bytes
        route("PUT", "/v2/images/{image_id}/file", data.upload, "upload_image", target=ROW, is_stream=True),
        route("GET", "/v2/images/{image_id}/file", data.download, "download_image", target=ROW, is_stream=True),
        # tags
        route("PUT", "/v2/images/{image_id}/tags/{tag}", tag.add, "modify_image", target=ROW),
        route("DELETE", "/v2/images/{image_id}/tags/{tag}", tag.remove, "modify_image", target=ROW),
        # members
        route("POST", "/v2/images/{image_id}/members", member.create, "add_member", target=ROW),
        route("GET", "/v2/images/{image_id}/members", member.index, "get_members", target=ROW),
        route("GET", "/v2/images/{image_id}/members/{member_id}", member.show, "get_member", target=ROW),
        route("PUT", "/v2/images/{image_id}/members/{member_id}", member.update, "modify_member", target=ROW),
        route("DELETE", "/v2/images/{image_id}/members/{member_id}", member.delete, "delete_member", target=ROW),
        # what there is
        route("GET", "/v2/schemas/{name}", schema.show, "get_schema"),
        route("GET", "/v2/info/import", discovery.list_import_methods, "get_import_info"),
        route("GET", "/v2/info/stores", discovery.list_stores, "get_stores_info"),
    ]
)
