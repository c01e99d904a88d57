from __future__ import annotations

import pytest

from tests.image.bench import ADMIN, BYTES, OLD_PATCH, OTHER, PATCH, READER, Site

ID = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"


def test_a_new_image_is_queued_shared_and_the_callers(site: Site) -> None:
    reply = site.call("POST", "/v2/images", {"name": "a", "os": "linux", "tags": ["b", "a"]})
    image = reply.decoded()
    assert reply.status == 201
    assert reply.headers["location"] == f"http://cloud:9292/v2/images/{image['id']}"
    assert reply.headers["openstack-image-store-ids"] == "local"
    wanted = {"status": "queued", "visibility": "shared", "owner": "p-own", "os": "linux", "tags": ["a", "b"]}
    assert image.items() >= wanted.items()
    assert image["size"] is image["virtual_size"] is image["checksum"] is None
    assert image["created_at"] == "2026-01-01T12:00:00Z"
    assert site.get(image["id"]) == image


def test_a_client_may_choose_the_id_once(site: Site) -> None:
    assert site.create(id=ID) == ID
    assert site.call("POST", "/v2/images", {"id": ID}).status == 409
    assert site.call("DELETE", f"/v2/images/{ID}").status == 204
    reply = site.call("POST", "/v2/images", {"id": ID})
    assert (reply.status, reply.decoded()["code"]) == (409, "409 Conflict")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"name": 3}, 400, "Provided object does not match schema 'image': 3 is not of type 'null', 'string'"),
        ({"id": "x"}, 400, "does not match"),
        ({"disk_format": "floppy"}, 400, "'floppy' is not one of"),
        ({"min_disk": -1}, 400, "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value"),
        ({"os": 3}, 400, "3 is not of type 'string'"),
        ([], 400, "is not of type 'object'"),
        ({"checksum": "x"}, 403, "Attribute 'checksum' is read-only."),
        ({"self": "x"}, 403, "Attribute 'self' is read-only."),
        ({"deleted": "x"}, 403, "Attribute 'deleted' is reserved."),
        ({"locations": []}, 403, "Attribute 'locations' is reserved."),
        ({"owner": "p-other"}, 403, "You are not permitted to create images owned by 'p-other'"),
        ({"visibility": "public"}, 403, "You are not authorized to complete publicize_image action."),
        ({f"k{n}": "v" for n in range(129)}, 413, "Attempted: 129, Maximum: 128"),
    ],
)
def test_a_bad_description_is_refused(site: Site, body: object, status: int, sentence: str) -> None:
    reply = site.call("POST", "/v2/images", body)
    assert reply.status == status
    assert sentence in reply.decoded()["message"]


def test_an_administrator_makes_images_for_others_and_for_all(site: Site) -> None:
    image = site.get(site.create(token=ADMIN, owner="p-own", visibility="public"), ADMIN)
    assert (image["owner"], image["visibility"]) == ("p-own", "public")


def test_a_reader_makes_nothing(site: Site) -> None:
    assert site.call("POST", "/v2/images", {}, token=READER).status == 403


def test_nobody_unknown_gets_an_answer(site: Site) -> None:
    for method, path in (
        ("GET", "/v2/images"),
        ("GET", f"/v2/images/{ID}"),
        ("GET", "/v2/nope"),
        ("PUT", "/v2/images"),
    ):
        assert site.call(method, path, token=None).status == 401


def test_what_must_not_be_seen_does_not_exist(site: Site) -> None:
    image_id = site.create(visibility="private")
    for method in ("GET", "DELETE"):
        reply = site.call(method, f"/v2/images/{image_id}", token=OTHER)
        assert reply.status == 404
        assert f"No image found with ID {image_id}" in reply.decoded()["message"]
    assert site.patch(image_id, {"op": "remove", "path": "/x"}, token=OTHER).status == 404
    assert site.call("GET", f"/v2/images?marker={image_id}", token=OTHER).status == 400


def test_what_is_seen_and_not_owned_is_forbidden(site: Site) -> None:
    image_id = site.create(token=ADMIN, visibility="public")
    assert site.get(image_id, READER)["visibility"] == "public"
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 403
    assert site.patch(image_id, {"op": "add", "path": "/x", "value": "y"}).status == 403


def test_a_patch_changes_all_or_nothing(site: Site) -> None:
    image_id = site.create(name="old", os="linux", tags=["x"])
    good = site.patch(
        image_id,
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "add", "path": "/a~1b", "value": "c"},
        {"op": "remove", "path": "/os"},
        {"op": "replace", "path": "/tags", "value": ["y", "z"]},
    )
    assert good.status == 200
    image = site.get(image_id)
    assert good.decoded() == image
    assert (image["name"], image["a/b"], image["tags"], "os" in image) == ("new", "c", ["y", "z"], False)
    bad = site.patch(image_id, {"op": "replace", "path": "/name", "value": "newer"}, {"op": "remove", "path": "/nope"})
    assert (bad.status, site.get(image_id)["name"]) == (409, "new")


def test_the_older_patch_does_not_add_what_is_there(site: Site) -> None:
    image_id = site.create(os="linux")
    path = f"/v2/images/{image_id}"
    assert site.call("PATCH", path, [{"add": "/os", "value": "x"}], content_type=OLD_PATCH).status == 409
    reply = site.call("PATCH", path, [{"replace": "/os", "value": "bsd"}], content_type=OLD_PATCH)
    assert reply.decoded()["os"] == "bsd"


@pytest.mark.parametrize(
    ("step", "status", "sentence"),
    [
        (3, 400, "Operations must be JSON objects."),
        ({"op": "x", "path": "/a"}, 400, "Invalid operation: `x`."),
        ({"op": "add", "path": "/a"}, 400, 'Operation "add" requires a member named "value".'),
        ({"op": "add", "path": "a", "value": "b"}, 400, 'Pointer `a` does not start with "/".'),
        ({"op": "add", "path": "/a/b", "value": "c"}, 400, "Invalid JSON pointer for this resource: '/a/b'"),
        ({"op": "add", "path": "/a~2", "value": "c"}, 400, "not part of a recognized escape sequence"),
        ({"op": "replace", "path": "/status", "value": "active"}, 403, "Attribute 'status' is read-only."),
        ({"op": "replace", "path": "/visibility", "value": "public"}, 403, "publicize_image"),
        ({"op": "replace", "path": "/owner", "value": "p-other"}, 403, "Owner can't be updated by non admin."),
    ],
)
def test_a_bad_patch_is_refused(site: Site, step: object, status: int, sentence: str) -> None:
    reply = site.patch(site.create(), step)  # type: ignore[arg-type]
    assert reply.status == status
    assert sentence in reply.decoded()["message"]


def test_a_patch_says_what_kind_it_is(site: Site) -> None:
    reply = site.call("PATCH", f"/v2/images/{site.create()}", [], content_type="application/json")
    assert (reply.status, reply.headers["accept-patch"]) == (415, f"{OLD_PATCH}, {PATCH}")
    assert "Image PATCH expects Content-Type one of" in reply.decoded()["message"]


def test_a_protected_image_stays(site: Site) -> None:
    image_id = site.create(protected=True)
    reply = site.call("DELETE", f"/v2/images/{image_id}")
    assert reply.status == 403
    assert f"Image {image_id} is protected and cannot be deleted." in reply.decoded()["message"]
    site.patch(image_id, {"op": "replace", "path": "/protected", "value": False})
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204
    assert site.call("GET", f"/v2/images/{image_id}").status == 404


def test_tags_come_and_go_one_at_a_time(site: Site) -> None:
    path = f"/v2/images/{site.create()}/tags"
    assert [site.call("PUT", f"{path}/a%20b").status for _ in range(2)] == [204, 204]
    assert site.names("?tag=a+b") == [None]
    assert [site.call("DELETE", f"{path}/a%20b").status for _ in range(2)] == [204, 404]
    assert site.call("PUT", f"{path}/{'x' * 256}").status == 400


def test_refusals_come_in_the_form_that_the_client_likes(site: Site) -> None:
    path = f"/v2/images/{ID}"
    page = site.call("GET", path, accept="*/*")
    assert page.headers["content-type"] == "text/html; charset=UTF-8"
    assert b"<title>404 Not Found</title>" in bytes(page.body)  # type: ignore[arg-type]
    text = site.call("GET", path, accept="text/plain")
    assert text.body == f"404 Not Found\n\nNo image found with ID {ID}\n\n   ".encode()
    assert site.call("GET", path, accept="text/html;q=0.5, application/json").decoded()["title"] == "Not Found"


def test_the_versions_are_public(site: Site) -> None:
    choices = site.call("GET", "/", token=None)
    assert choices.status == 300
    assert site.call("GET", "/versions", token=None).decoded() == choices.decoded()
    newest = choices.decoded()["versions"][0]
    assert (newest["id"], newest["status"]) == ("v2.17", "CURRENT")
    assert newest["links"] == [{"rel": "self", "href": "http://cloud:9292/v2/"}]


@pytest.mark.parametrize("path", ["/v1/images", "/v1", "/v3/images", "/v2.99/images", "/images", "*", "/versional"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_asks_for_another_version_is_told_which_there_are(site: Site, method: str, path: str) -> None:
    reply = site.call(method, path, token=None)
    assert (reply.status, reply.decoded()) == (300, site.call("GET", "/", token=None).decoded())


@pytest.mark.parametrize("version", ["v2.0", "v2.9", "v2.17"])
def test_every_minor_version_is_the_one_there_is(site: Site, version: str) -> None:
    image_id = site.create_raw()
    assert site.call("GET", f"/{version}/images/{image_id}").decoded() == site.get(image_id)
    assert site.wire("PUT", f"/{version}/images/{image_id}/file", [b"x"], headers={"content-type": BYTES}).status == 204
    assert site.call("GET", f"/{version}/images", token=None).status == 401
    assert site.call("GET", "/v2").status == 404


def test_a_nul_character_is_refused_wherever_it_is(site: Site) -> None:
    image_id = site.create()
    for body in ({"name": "a\0"}, {"a\0": "b"}, {"tags": ["\0"]}, {"a": "\\\0"}):
        assert site.call("POST", "/v2/images", body).status == 400
    assert site.patch(image_id, {"op": "add", "path": "/a", "value": "\0"}).status == 400
    for path in ("/v2/images?name=%00", "/v2/images?%00=x", "/v2/images/%00", "/v2/metadefs/namespaces?marker=%00"):
        assert site.call("GET", path).status == 400
    assert site.call("PUT", f"/v2/images/{image_id}/tags/a%00").status == 400
    assert site.create(name="\\u0000", a="%00")
    assert site.call("GET", "/v2/images?name=%2500").status == 200


def test_schemas_and_abilities_can_be_read(site: Site) -> None:
    schema = site.call("GET", "/v2/schemas/image").decoded()
    assert schema["properties"].keys() >= site.get(site.create()).keys() - {"tags"}
    assert site.call("GET", "/v2/schemas/images").decoded()["properties"]["images"]["items"] == schema
    assert site.call("GET", "/v2/schemas/nope").status == 404
    assert "glance-direct" in site.call("GET", "/v2/info/import").decoded()["import-methods"]["value"]
    assert site.call("GET", "/v2/info/stores").decoded() == {"stores": [{"id": "local", "default": "true"}]}
