"""What a caller wrote decided what he might do: here an image's own properties, which rules may look at."""

from __future__ import annotations

import pytest

from pileus.image.api.access import target
from pileus.image.db import image as images
from tests.image.bench import ADMIN, OTHER, PATCH, Site

FORGED = {"project_id": "p-other", "member_id": "p-other", "image_id": "x", "target": "p-other", "user_id": "u"}


def test_a_property_does_not_pass_for_the_owner_or_a_member(site: Site) -> None:
    image_id = site.create(token=ADMIN, owner="p-own", visibility="private", **FORGED)
    public = site.create(token=ADMIN, owner="p-own", visibility="public", **FORGED)
    assert site.get(image_id, ADMIN)["project_id"] == "p-other"
    assert site.call("GET", f"/v2/images/{image_id}", token=OTHER).status == 404
    assert site.call("DELETE", f"/v2/images/{public}", token=OTHER).status == 403
    assert site.call("GET", f"/v2/images/{public}/members/p-other", token=OTHER).status in (403, 404)


@pytest.mark.parametrize("extra", [{"target": {"owner": "p-other"}}, {"owner": "p-other"}])
def test_a_body_does_not_pass_for_the_image(site: Site, extra: dict[str, object]) -> None:
    image_id = site.create(token=ADMIN, owner="p-own", visibility="public")
    steps = [{"op": "add", "path": "/x", "value": "y", **extra}]
    assert site.call("PATCH", f"/v2/images/{image_id}", steps, token=OTHER, content_type=PATCH).status == 403
    assert site.call("PUT", f"/v2/images/{image_id}/tags/x", extra, token=OTHER).status == 403
    assert site.call("POST", "/v2/images", {"owner": "p-own", **FORGED}, token=OTHER).status == 403


def test_an_attribute_wins_over_a_property_of_its_name(site: Site) -> None:
    image_id = site.create(token=ADMIN, owner="p-own", **FORGED, colour="red")
    with site.backend.database.read() as tx:
        seen = target(images.get(tx, image_id))
    assert (seen["project_id"], seen["member_id"], seen["image_id"]) == ("p-own", None, image_id)
    assert seen["colour"] == "red"
