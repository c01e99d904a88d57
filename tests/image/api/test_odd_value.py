"""Whatever a body or a query holds in place of what belongs there, it is answered or refused, and never a fault."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from pileus.image.settings import Settings, StoreSettings
from tests.image.bench import ADMIN, BYTES, PATCH, Site
from tests.image.metadefs import FULL

ODD: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "", "é" * 300, [], [1], [{}], [[]], {}, {"": ""}, "http://[::1")
ODD_TEXTS = (
    "",
    "-1",
    "9" * 30,
    "x",
    'in:"',
    "gt:x",
    "gt:9999-12-31T23:59:59-23:59",
    "a:b:c",
    "'",
    "\\",
    "٣",
    "a" * 3000,
)
LOCATION = {
    "url": "http://203.0.113.9/",
    "metadata": {},
    "validation_data": {"os_hash_algo": "md5", "os_hash_value": "0"},
}
DESCRIBED = {
    "id": "x",
    "name": "n",
    "tags": ["a"],
    "visibility": "private",
    "min_disk": 1,
    "protected": False,
    "os_hidden": False,
    "owner": "o",
    "disk_format": "raw",
    "container_format": "bare",
    "os": "v",
}
NAMESPACES = "/v2/metadefs/namespaces"
BODIES: dict[str, Any] = {
    "POST /v2/images": DESCRIBED,
    "POST /v2/images/{id}/import": {
        "method": {"name": "web-download", "uri": "http://mirror.example/x"},
        "stores": ["nowhere"],
        "all_stores": False,
        "all_stores_must_succeed": True,
    },
    "POST /v2/images/{id}/locations": LOCATION,
    "POST /v2/images/{id}/members": {"member": "m"},
    "PUT /v2/images/{id}/members/p-other": {"status": "accepted"},
    "POST /v2/tasks": {
        "type": "import",
        "input": {"import_from": "http://mirror.example/x", "import_from_format": "raw", "image_properties": DESCRIBED},
    },
    f"POST {NAMESPACES}": {**FULL, "namespace": "OS::Test"},
    f"PUT {NAMESPACES}/OS::Test": {"namespace": "OS::Test", "visibility": "public", "protected": False, "owner": "o"},
    f"POST {NAMESPACES}/OS::Test/objects": FULL["objects"][0],
    f"POST {NAMESPACES}/OS::Test/properties": {"name": "p", **FULL["properties"]["words"]},
    f"POST {NAMESPACES}/OS::Test/tags": {"tags": [{"name": "t"}]},
    f"POST {NAMESPACES}/OS::Test/resource_types": FULL["resource_type_associations"][0],
}
PATCHES: tuple[dict[str, Any], ...] = (
    {"op": "add", "path": "/os", "value": "v"},
    {"op": "replace", "path": "/tags", "value": ["a"]},
    {"op": "replace", "path": "/min_disk", "value": 1},
    {"op": "replace", "path": "/visibility", "value": "private"},
    {"op": "add", "path": "/locations/-", "value": LOCATION},
    {"op": "replace", "path": "/locations", "value": [LOCATION]},
    {"op": "remove", "path": "/locations/0"},
)
QUERIES = {
    "/v2/images": "limit marker sort sort_key sort_dir tag visibility member_status size_min created_at os_hidden x",
    "/v2/tasks": "limit marker sort_key sort_dir type status",
    NAMESPACES: "limit marker sort_key sort_dir visibility resource_types",
    f"{NAMESPACES}/OS::Test/objects": "limit marker sort_key sort_dir",
}


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    stores = {"local": StoreSettings(), "web": StoreSettings(kind="http")}
    site = new_site(Settings(stores=stores, show_multiple_locations=True))
    assert site.call("POST", NAMESPACES, FULL, token=ADMIN).status == 201
    return site


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value in a document, the whole among them."""
    yield path
    inside = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in inside:
        yield from places(document[key], (*path, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    around = changed
    for key in path[:-1]:
        around = around[key]
    around[path[-1]] = value
    return changed


def odd(document: Any) -> Iterator[Any]:
    """Yield a document again and again, each time with one odd value in it."""
    for path in places(document):
        yield from (replaced(document, path, value) for value in ODD)


@pytest.mark.parametrize("title", BODIES)
def test_no_odd_value_in_a_body_is_a_fault(site: Site, title: str) -> None:
    method, path = title.split(" ")
    for body in odd(BODIES[title]):
        image_id = site.create_raw() if "{id}" in path else ""
        assert site.call(method, path.replace("{id}", image_id), body, token=ADMIN).status < 500, body


@pytest.mark.parametrize("has_bytes", [False, True])
@pytest.mark.parametrize("step", PATCHES, ids=lambda step: f"{step['op']} {step['path']}")
def test_no_odd_value_in_a_patch_is_a_fault(site: Site, step: dict[str, Any], has_bytes: bool) -> None:
    image_id = site.create_raw()
    if has_bytes:
        assert site.upload(image_id, b"x", content_type=BYTES).status == 204
    for body in odd([step]):
        reply = site.call("PATCH", f"/v2/images/{image_id}", body, token=ADMIN, content_type=PATCH)
        assert reply.status < 500, body


@pytest.mark.parametrize("path", QUERIES)
def test_no_odd_value_in_a_query_is_a_fault(site: Site, path: str) -> None:
    for name in QUERIES[path].split():
        for text in ODD_TEXTS:
            assert site.call("GET", f"{path}?{name}={quote(text)}", token=ADMIN).status < 500, (name, text)
