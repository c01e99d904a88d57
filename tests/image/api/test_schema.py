from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pileus.image.schema import SchemaFileInvalid
from pileus.image.settings import Settings
from tests.image.bench import Site

KERNEL = {"type": ["null", "string"], "pattern": "^[0-9a-f]{4}$", "description": "A kernel"}
ARCHITECTURE = {"type": "string", "enum": ["arm", "x86"]}


@pytest.fixture
def with_schema(new_site: Callable[..., Site], tmp_path: Path) -> Callable[[Any], Site]:
    def make(document: Any) -> Site:
        file = tmp_path / "schema-image.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return new_site(Settings(schema_file=str(file)))

    return make


def test_what_the_operator_says_of_a_property_is_shown(with_schema: Callable[[Any], Site]) -> None:
    site = with_schema({"kernel_id": KERNEL})
    shown = site.call("GET", "/v2/schemas/image").decoded()
    assert shown["properties"]["kernel_id"] == {**KERNEL, "is_base": False}
    assert "required" not in shown
    assert site.call("GET", "/v2/schemas/images").decoded()["properties"]["images"]["items"] == shown


def test_what_the_operator_says_of_a_property_holds(with_schema: Callable[[Any], Site]) -> None:
    site = with_schema({"kernel_id": KERNEL, "architecture": ARCHITECTURE})
    assert site.call("POST", "/v2/images", {"architecture": "mips"}).status == 400
    image_id = site.create(architecture="arm", kernel_id="00ff", other="free")
    for value in ("zz", 3):
        assert site.patch(image_id, {"op": "replace", "path": "/kernel_id", "value": value}).status == 400
    assert site.patch(image_id, {"op": "replace", "path": "/kernel_id", "value": "ff00"}).status == 200
    assert "kernel_id" not in site.patch(image_id, {"op": "replace", "path": "/kernel_id", "value": None}).decoded()
    assert "kernel_id" not in site.get(site.create(kernel_id=None))


def test_an_image_may_have_to_have_a_property(with_schema: Callable[[Any], Site]) -> None:
    site = with_schema({"properties": {"architecture": ARCHITECTURE}, "required": ["architecture"]})
    assert site.call("GET", "/v2/schemas/image").decoded()["required"] == ["architecture"]
    reply = site.call("POST", "/v2/images", {"name": "a"})
    assert (reply.status, "'architecture' is a required property" in reply.decoded()["message"]) == (400, True)
    image_id = site.create(architecture="arm")
    assert site.patch(image_id, {"op": "replace", "path": "/name", "value": "b"}).status == 200
    reply = site.patch(image_id, {"op": "remove", "path": "/architecture"})
    assert (reply.status, "'architecture' is a required property" in reply.decoded()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "is not valid"),
        ([], "Expected `object`"),
        ({"name": {"type": "string"}}, "'name' is what every image has"),
        ({"a": {"type": "integer"}}, "'a' is no string"),
        ({"a": 3}, "'a' is no string"),
        ({"a": {"type": "string", "pattern": "("}}, "is not valid"),
    ],
)
def test_a_bad_schema_keeps_the_service_from_starting(
    with_schema: Callable[[Any], Site], document: Any, reason: str
) -> None:
    with pytest.raises(SchemaFileInvalid, match=reason.replace("(", r"\(")):
        with_schema(document)


def test_the_schema_of_members_says_what_a_member_is(site: Site) -> None:
    member = site.call("GET", "/v2/schemas/member").decoded()
    image_id = site.create()
    made = site.call("POST", f"/v2/images/{image_id}/members", {"member": "p-other"}).decoded()
    assert made.keys() == member["properties"].keys()
    assert site.call("GET", "/v2/schemas/members").decoded()["properties"]["members"]["items"] == member
