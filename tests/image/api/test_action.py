from __future__ import annotations

from collections.abc import Callable

import pytest

from pileus.image.settings import Settings
from tests.image.bench import ADMIN, OTHER, READER, Site


@pytest.fixture
def image_id(site: Site) -> str:
    image_id = site.create_raw(visibility="shared")
    assert site.upload(image_id, b"bytes").status == 204
    return image_id


def act(site: Site, image_id: str, action: str, **more: str) -> int:
    return site.call("POST", f"/v2/images/{image_id}/actions/{action}", **more).status


def test_a_deactivated_image_gives_its_bytes_to_administrators_only(site: Site, image_id: str) -> None:
    assert [act(site, image_id, "deactivate") for _ in range(2)] == [204, 204]
    assert site.get(image_id)["status"] == "deactivated"
    assert site.download(image_id).status == 403
    assert site.download(image_id, token=ADMIN).body == b"bytes"
    assert [act(site, image_id, "reactivate") for _ in range(2)] == [204, 204]
    assert site.get(image_id)["status"] == "active"
    assert site.download(image_id).body == b"bytes"


def test_nobody_but_administrators_learns_where_withdrawn_bytes_lie(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(show_image_direct_url=True, show_multiple_locations=True))
    image_id = site.create_raw()
    assert site.upload(image_id, b"bytes").status == 204
    shown = {"direct_url", "locations", "stores"}
    assert shown <= site.get(image_id).keys()
    assert act(site, image_id, "deactivate") == 204
    assert not shown & site.get(image_id).keys() - {"locations"}
    assert site.get(image_id)["locations"] == []
    (listed,) = site.call("GET", "/v2/images").decoded()["images"]
    assert "file://" not in str(listed)
    path = f"/v2/images/{image_id}/locations"
    assert site.call("GET", path, token="p-service:service").decoded() == []
    assert len(site.call("GET", path, token=ADMIN).decoded()) == 1
    assert shown <= site.get(image_id, ADMIN).keys()


def test_an_image_without_bytes_cannot_be_withdrawn(site: Site) -> None:
    image_id = site.create_raw()
    for action in ("deactivate", "reactivate"):
        reply = site.call("POST", f"/v2/images/{image_id}/actions/{action}")
        assert reply.status == 403
        assert f"Not allowed to {action} image in status 'queued'" in reply.decoded()["message"]


def test_only_who_may_change_an_image_withdraws_it(site: Site, image_id: str) -> None:
    assert act(site, image_id, "deactivate", token=READER) == 403
    assert act(site, image_id, "deactivate", token=OTHER) == 404
    assert act(site, image_id, "deactivate", token=ADMIN) == 204
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204


def test_an_action_that_changes_nothing_does_not_date_the_image(site: Site, image_id: str) -> None:
    before = site.get(image_id)
    site.clock.wind(60)
    assert act(site, image_id, "reactivate") == 204
    assert site.get(image_id) == before
    assert act(site, image_id, "deactivate") == 204
    assert site.get(image_id)["updated_at"] > before["updated_at"]
