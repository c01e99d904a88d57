from __future__ import annotations

from collections.abc import Callable

import pytest

from pileus.image.db import image as images
from pileus.image.model.image import Location
from pileus.image.settings import Settings, StoreSettings
from tests.image.bench import ADMIN, OTHER, OWNER, Site

SERVICE = "p-service:service"


@pytest.fixture
def three(new_site: Callable[..., Site]) -> Site:
    """A site with three stores, of which one can only be read."""
    return new_site(
        Settings(
            stores={
                "local": StoreSettings(description="discs"),
                "quick": StoreSettings(kind="memory", weight=10),
                "web": StoreSettings(kind="http"),
            }
        )
    )


def put(site: Site, image_id: str, store: str, data: bytes = b"data") -> None:
    """Have an image in one more store."""
    writer = site.backend.stores[store].create("copy", len(data))
    writer.write([data])
    writer.commit()
    site.backend.database.write(images.insert_location, image_id, Location(store, "copy"))


def test_the_stores_are_told(three: Site) -> None:
    assert three.call("GET", "/v2/info/stores").decoded() == {
        "stores": [
            {"id": "local", "description": "discs", "default": "true"},
            {"id": "quick"},
            {"id": "web", "read-only": "true"},
        ]
    }


def test_how_stores_are_set_up_is_told_to_administrators_and_services(three: Site) -> None:
    assert three.call("GET", "/v2/info/stores/detail").status == 403
    for token in (ADMIN, SERVICE):
        local, quick, web = three.call("GET", "/v2/info/stores/detail", token=token).decoded()["stores"]
        assert (local["type"], local["weight"]) == ("file", 0)
        assert local["properties"]["data_dir"] == str(three.folder)
        assert (quick["type"], quick["weight"]) == ("memory", 10)
        assert web == {"id": "web", "read-only": "true", "type": "http", "weight": 0, "properties": {}}


def test_an_upload_goes_to_the_store_that_is_named(three: Site) -> None:
    reply = three.call("POST", "/v2/images", {"disk_format": "raw", "container_format": "bare"})
    assert reply.headers["openstack-image-store-ids"] == "local,quick,web"
    image_id = reply.decoded()["id"]
    assert three.upload(image_id, b"data", x_image_meta_store="nowhere").status == 400
    assert three.upload(image_id, b"data", x_image_meta_store="web").status == 410
    assert three.get(image_id)["status"] == "queued"
    assert three.upload(image_id, b"data", x_image_meta_store="quick").status == 204
    assert three.get(image_id)["stores"] == "quick"
    assert three.download(image_id).body == b"data"


def test_an_image_is_read_from_the_store_of_the_greatest_weight_or_the_one_that_is_preferred(three: Site) -> None:
    image_id = three.create_raw()
    three.upload(image_id, b"slow")
    put(three, image_id, "quick", b"fast")
    assert three.get(image_id)["stores"] == "quick,local"
    assert three.download(image_id).body == b"fast"
    path = f"/v2/images/{image_id}/file"
    assert three.wire("GET", f"{path}?prefer=web,%20local", []).body == b"slow"
    assert three.wire("GET", f"{path}?prefer=web", []).body == b"fast"
    assert three.wire("GET", f"{path}?prefer=nowhere", []).status == 400


def test_a_store_that_has_lost_the_bytes_is_passed_over(three: Site) -> None:
    image_id = three.create_raw()
    three.upload(image_id, b"data")
    put(three, image_id, "quick")
    three.backend.stores["quick"].delete("copy")
    assert three.download(image_id).body == b"data"


def test_an_image_leaves_a_store_and_its_bytes_go(three: Site) -> None:
    image_id = three.create_raw()
    three.upload(image_id, b"data")
    path = f"/v2/stores/local/{image_id}"
    assert three.call("DELETE", f"/v2/stores/nowhere/{image_id}", token=ADMIN).status == 409
    assert three.call("DELETE", "/v2/stores/local/nope", token=ADMIN).status == 404
    assert three.call("DELETE", path).status == 403
    assert three.call("DELETE", path, token=OTHER).status == 404
    assert three.call("DELETE", path, token=ADMIN).status == 403  # the last one
    put(three, image_id, "quick")
    assert three.call("DELETE", f"/v2/stores/web/{image_id}", token=ADMIN).status == 404
    assert three.call("DELETE", path, token=ADMIN).status == 204
    assert three.files() == []
    assert three.get(image_id)["stores"] == "quick"
    assert three.download(image_id).body == b"data"


def test_an_image_without_bytes_leaves_no_store(three: Site) -> None:
    image_id = three.create_raw()
    assert three.call("DELETE", f"/v2/stores/local/{image_id}", token=ADMIN).status == 409
    assert three.call("DELETE", f"/v2/stores/local/{image_id}", token=OWNER).status == 403
