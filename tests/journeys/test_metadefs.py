"""Metadata definitions with `openstack` and `glance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journeys.client import fields, rows

if TYPE_CHECKING:
    from tests.journeys.client import Client

PINNING = "OS::Compute::CPUPinning"


def test_a_new_cloud_says_what_properties_mean(member: Client) -> None:
    listed = member.json("image metadef namespace list --resource-types OS::Nova::Flavor")
    assert {PINNING, "OS::Compute::NUMA", "OS::Compute::Quota"} <= {each["namespace"] for each in listed}
    assert "shared" in member.json(f"image metadef property show {PINNING} cpu_policy")["enum"]
    shares = 'image metadef object property show OS::Compute::Quota "CPU limits" quota:cpu_shares'
    assert member.json(shares)["type"] == "integer"
    types = member.json(f"image metadef resource type association list {PINNING}")
    assert "OS::Nova::Flavor" in {each["Name"] for each in types}
    assert "403" in member.refused(f"image metadef namespace delete {PINNING}")


def test_an_administrator_defines_and_a_member_reads(admin: Client, member: Client) -> None:
    admin.do("image metadef namespace create --display-name Licences --public --protected licences")
    admin.do("image metadef property create --name seats --title Seats --type integer --schema {} licences")
    admin.do("image metadef property set --name seats --title Chairs --type integer licences seats")
    admin.do("image metadef object create --namespace licences vendor")
    admin.do("image metadef object update --name maker licences vendor")
    admin.do("image metadef resource type association create licences OS::Glance::Image")
    assert member.json("image metadef property show licences seats")["title"] == "Chairs"
    assert [each["name"] for each in member.json("image metadef object list licences")] == ["maker"]
    assert "403" in member.refused("image metadef object create --namespace licences mine")
    assert "protected" in admin.refused("image metadef namespace delete licences")
    admin.do("image metadef namespace set --private --unprotected licences")
    assert "404" in member.refused("image metadef namespace show licences")
    admin.do("image metadef namespace delete licences")


def test_the_client_of_glance_knows_our_schemas(admin: Client) -> None:
    made = fields(admin.glance("md-namespace-create studio --visibility public --description Studio"))
    assert (made["visibility"], made["protected"]) == ("public", "False")
    lux = '{"properties": {"lux": {"title": "Lux", "type": "integer"}}}'
    admin.glance(f"md-object-create studio --name light --schema '{lux}'")
    assert fields(admin.glance("md-object-property-show studio light lux"))["type"] == "integer"
    admin.glance("""md-property-create studio --name doors --title Doors --type integer --schema '{"minimum": 1}'""")
    assert rows(admin.glance("md-property-list studio")) == [{"name": "doors", "title": "Doors", "type": "integer"}]
    admin.glance("md-tag-create-multiple studio --names sound,film")
    admin.glance("md-tag-create studio --name radio")
    assert {row["name"] for row in rows(admin.glance("md-tag-list studio"))} == {"sound", "film", "radio"}
    admin.glance("md-resource-type-associate studio --name OS::Nova::Flavor --prefix st:")
    [row] = rows(admin.glance("md-namespace-resource-type-list studio"))
    assert (row["name"], row["prefix"]) == ("OS::Nova::Flavor", "st:")
    assert "st:doors" in admin.glance("md-namespace-show studio --resource-type OS::Nova::Flavor")
    admin.glance("md-namespace-update studio --description Stage --visibility public")
    admin.glance("md-namespace-tags-delete studio")
    admin.glance("md-namespace-delete studio")
    assert "studio" not in admin.glance("md-namespace-list")
