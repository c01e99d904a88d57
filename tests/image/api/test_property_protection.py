from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pileus.image.model.errors import PropertyRulesInvalid
from pileus.image.settings import PropertyProtectionSettings, Settings
from tests.image.bench import ADMIN, OLD_PATCH, OWNER, Site

RULES = """
[^secret$]
create = admin
read = admin
update = admin
delete = admin

[^fixed$]
create = member
read = @
update = !
delete = !

[^x_]
create = @
read = @
update = @
delete = @
"""


@pytest.fixture
def site(new_site: Callable[..., Site], tmp_path: Path) -> Site:
    file = tmp_path / "property-protections.conf"
    file.write_text(RULES)
    return new_site(Settings(property_protection=PropertyProtectionSettings(file=str(file))))


def test_a_new_image_carries_only_what_its_maker_may_create(site: Site) -> None:
    assert site.get(site.create(fixed="1", x_a="2"))["fixed"] == "1"
    for name in ("secret", "unheard"):
        reply = site.call("POST", "/v2/images", {name: "1"})
        assert (reply.status, f"Attribute '{name}' is reserved." in reply.decoded()["message"]) == (403, True)


def test_what_one_may_not_read_is_not_there(site: Site) -> None:
    image_id = site.create(token=ADMIN, owner="p-own", secret="1", x_a="2")
    assert site.get(image_id, ADMIN)["secret"] == "1"
    assert "secret" not in site.get(image_id)
    assert "secret" not in site.call("GET", "/v2/images").decoded()["images"][0]
    assert site.names("?secret=1", token=ADMIN) == [None]
    assert site.names("?secret=1") == []
    reply = site.patch(image_id, {"op": "replace", "path": "/x_a", "value": "3"})
    assert (reply.decoded()["x_a"], "secret" in reply.decoded()) == ("3", False)
    for step in ({"op": "remove", "path": "/secret"}, {"op": "replace", "path": "/secret", "value": "9"}):
        assert site.patch(image_id, step).status == 409
    assert site.patch(image_id, {"op": "add", "path": "/secret", "value": "9"}).status == 403
    older = site.call("PATCH", f"/v2/images/{image_id}", [{"add": "/secret", "value": "9"}], content_type=OLD_PATCH)
    assert older.status == 403
    assert site.get(image_id, ADMIN)["secret"] == "1"


def test_changing_and_removing_are_guarded_apart(site: Site) -> None:
    image_id = site.create(fixed="1", x_a="2")
    for step in ({"op": "remove", "path": "/fixed"}, {"op": "add", "path": "/fixed", "value": "2"}):
        assert site.patch(image_id, step).status == 403
    assert site.patch(image_id, {"op": "remove", "path": "/x_a"}).status == 200
    assert site.get(image_id, OWNER)["fixed"] == "1"


def test_the_rules_of_the_policy_may_protect(new_site: Callable[..., Site], tmp_path: Path) -> None:
    file = tmp_path / "property-protections.conf"
    file.write_text("[.*]\ncreate = modify_metadef_tag\nread = @\nupdate = context_is_admin\ndelete = nobody_knows\n")
    site = new_site(Settings(property_protection=PropertyProtectionSettings(file=str(file), rule_format="policies")))
    assert site.call("POST", "/v2/images", {"a": "1"}).status == 403
    image_id = site.create(token=ADMIN, owner="p-own", a="1")
    assert site.get(image_id)["a"] == "1"
    assert site.patch(image_id, {"op": "replace", "path": "/a", "value": "2"}).status == 403
    assert site.patch(image_id, {"op": "replace", "path": "/a", "value": "2"}, token=ADMIN).status == 200
    assert site.patch(image_id, {"op": "remove", "path": "/a"}, token=ADMIN).status == 403


def test_a_file_that_is_not_there_keeps_the_service_from_starting(new_site: Callable[..., Site]) -> None:
    with pytest.raises(PropertyRulesInvalid):
        new_site(Settings(property_protection=PropertyProtectionSettings(file="/no/such/file")))
