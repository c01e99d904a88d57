"""What compute asks of real identity and image services on behalf of those who ask it."""

from __future__ import annotations

from tests.compute.cloud import message_of
from tests.compute.world import World


def test_a_quota_is_given_to_a_project_that_identity_has(world: World) -> None:
    body = {"quota_set": {"cores": 5}}
    own = world.call("compute", "GET", "/v2.1/limits").status
    assert own == 200
    lacking = world.call("compute", "PUT", "/v2.1/os-quota-sets/nobody", body, is_admin=True)
    assert (lacking.status, message_of(lacking)) == (400, "Project ID nobody is not a valid project.")
    project_id = world.call("identity", "GET", "/v3/auth/projects").decoded()["projects"][0]["id"]
    assert world.call("compute", "PUT", f"/v2.1/os-quota-sets/{project_id}", body, is_admin=True).status == 200
    assert world.call("compute", "GET", f"/v2.1/os-quota-sets/{project_id}").decoded()["quota_set"]["cores"] == 5


def test_an_images_metadata_is_changed_at_the_image_service(world: World) -> None:
    path = f"/v2.1/images/{world.new_image()}"
    metadata = {"metadata": {"colour": "red", "size_of": "a/b~c"}}
    assert world.call("compute", "PUT", f"{path}/metadata", metadata).decoded() == metadata
    assert world.call("compute", "DELETE", f"{path}/metadata/colour").status == 204
    assert world.call("compute", "GET", path).decoded()["image"]["metadata"] == {"size_of": "a/b~c"}
    found = world.call("compute", "GET", "/v2.1/images?property-size_of=a%2Fb~c").decoded()["images"]
    assert [image["name"] for image in found] == ["cirros"]
    assert world.call("compute", "GET", "/v2.1/images?changes-since=never").status == 400
    assert world.call("compute", "DELETE", path).status == 204
    assert world.call("compute", "GET", path).status == 404
