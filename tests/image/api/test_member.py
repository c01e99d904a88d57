from __future__ import annotations

import pytest

from tests.image.bench import ADMIN, OTHER, OWNER, READER, Site

THIRD = "p-third:member,reader"


@pytest.fixture
def image_id(site: Site) -> str:
    image_id = site.create(name="shared")
    for member in ("p-other", "p-third"):
        assert site.call("POST", f"/v2/images/{image_id}/members", {"member": member}).status == 200
    return image_id


def members(site: Site, image_id: str, token: str) -> list[str]:
    found = site.call("GET", f"/v2/images/{image_id}/members", token=token).decoded()
    assert found["schema"] == "/v2/schemas/members"
    return [member["member_id"] for member in found["members"]]


def test_a_member_sees_only_himself(site: Site, image_id: str) -> None:
    for token in (OWNER, READER, ADMIN):
        assert members(site, image_id, token) == ["p-other", "p-third"]
    assert members(site, image_id, OTHER) == ["p-other"]
    assert site.call("GET", f"/v2/images/{image_id}/members/p-third", token=OTHER).status == 404
    assert site.call("GET", f"/v2/images/{image_id}/members/p-other", token=OTHER).decoded()["status"] == "pending"


def test_nobody_answers_for_another_member(site: Site, image_id: str) -> None:
    path, yes = f"/v2/images/{image_id}/members/p-third", {"status": "accepted"}
    assert site.call("PUT", path, yes, token=OTHER).status == 404
    assert site.call("PUT", path, yes, token=OWNER).status == 403
    assert site.call("GET", path).decoded()["status"] == "pending"
    assert site.call("PUT", path, yes, token=THIRD).decoded()["status"] == "accepted"
    assert site.call("PUT", path, {"status": "rejected"}, token=ADMIN).decoded()["status"] == "rejected"


def test_only_shared_images_have_members(site: Site, image_id: str) -> None:
    site.patch(image_id, {"op": "replace", "path": "/visibility", "value": "private"})
    path = f"/v2/images/{image_id}/members"
    assert site.call("POST", path, {"member": "p-fourth"}).status == 403
    assert site.call("GET", path).status == 403
    assert site.call("GET", f"{path}/p-other").status == 404
    assert site.call("DELETE", f"{path}/p-other").status == 403
    assert site.call("GET", f"/v2/images/{image_id}", token=OTHER).status == 404


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Member to be added not specified"),
        ({"member": ""}, "Member can't be empty"),
        ({"member": "x" * 256}, "Member is too long"),
        ([], "Expected a member in the form"),
    ],
)
def test_a_member_that_is_not_named_is_refused(site: Site, image_id: str, body: object, sentence: str) -> None:
    reply = site.call("POST", f"/v2/images/{image_id}/members", body)
    assert (reply.status, sentence in reply.decoded()["message"]) == (400, True)
