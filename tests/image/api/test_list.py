from __future__ import annotations

import pytest

from tests.image.bench import ADMIN, OTHER, Site


@pytest.fixture
def site(site: Site) -> Site:
    site.create(token=ADMIN, name="public", visibility="public", disk_format="raw", container_format="bare")
    site.create(name="private", visibility="private", os="linux", arch="arm", tags=["x", "y"], min_ram=7)
    site.create(name="shared", disk_format="qcow2", container_format="bare", tags=["x"])
    site.create(name="community", visibility="community", os="linux")
    site.create(name="hidden", os_hidden=True)
    site.create(name="protected", protected=True)
    return site


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "protected community shared private public"),
        ("?visibility=private", "private"),
        ("?visibility=public", "public"),
        ("?visibility=all", "protected community shared private public"),
        ("?os_hidden=true", "hidden"),
        ("?protected=true", "protected"),
        ("?owner=p-admin", "public"),
        ("?name=shared", "shared"),
        ("?name=in:shared,%22public%22", "shared public"),
        ("?disk_format=in:raw,qcow2", "shared public"),
        ("?status=active", ""),
        ("?tag=x", "shared private"),
        ("?tag=x&tag=y", "private"),
        ("?os=linux", "community private"),
        ("?os=linux&arch=arm", "private"),
        ("?os=bsd", ""),
        ("?min_ram=7", "private"),
        ("?min_ram_min=1", "private"),
        ("?size_min=1", ""),
        ("?created_at=gt:2026-01-01T11:59:00Z&name=shared", "shared"),
        ("?created_at=lt:2026-01-01T11:59:00Z", ""),
        ("?created_at=gte:2026-01-01T13:59:00%2B02:00&name=shared", "shared"),
        ("?sort=name", "shared public protected private community"),
        ("?sort=name:asc", "community private protected public shared"),
        ("?sort=disk_format:desc,name:asc", "public shared community private protected"),
        ("?sort_key=disk_format&sort_key=name&sort_dir=asc", "community private protected shared public"),
        ("?limit=0", ""),
    ],
)
def test_a_list_is_filtered_and_sorted(site: Site, query: str, names: str) -> None:
    assert site.names(query) == names.split()


def test_a_word_of_a_list_may_hold_commas_and_quotes(site: Site) -> None:
    site.create(name='a "b", c\\d')
    assert site.names("?name=in:%22a%20\\%22b\\%22,%20c\\\\d%22,public") == ['a "b", c\\d', "public"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=x", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
        ("marker=nope", "No image found with ID nope"),
        ("sort=x", "Invalid sort key: x."),
        ("sort=name:up", "Invalid sort direction: up"),
        ("sort=name&sort_key=id", "Old and new sorting syntax cannot be combined"),
        ("sort_key=id&sort_dir=asc&sort_dir=asc", "Number of sort dirs does not match the number of sort keys"),
        ("size_min=x", "Unable to filter on a range with a non-numeric value."),
        ("created_at=x", 'Bad "created_at" query filter format.'),
        ("created_at=about:2026-01-01", "Unable to filter on a unknown operator."),
        ("name=like:x", "Unable to filter by unknown operator 'like'."),
        ("name=in:%22a", "Invalid filter value"),
        ("visibility=x", "Invalid visibility value: x"),
        ("protected=x", "Invalid value 'x' for 'protected' filter."),
        ("member_status=x", "Invalid status: x"),
        ("changes-since=x", "no longer available on v2"),
        ("&".join(f"tag={number}" for number in range(51)), "no more than 50 conditions"),
    ],
)
def test_a_bad_question_is_refused(site: Site, query: str, sentence: str) -> None:
    reply = site.call("GET", f"/v2/images?{query}")
    assert reply.status == 400
    assert sentence in reply.decoded()["message"]


@pytest.mark.parametrize("sort", ["name:asc", "size:desc", "disk_format:asc,name:desc", "status:asc", "updated_at:asc"])
def test_pages_show_every_image_once_in_order(site: Site, sort: str) -> None:
    whole = site.names(f"?sort={sort}&os_hidden=false")
    path, seen = f"/v2/images?sort={sort}&limit=2&os_hidden=false", []
    for _ in range(9):
        page = site.call("GET", path).decoded()
        seen += [image["name"] for image in page["images"]]
        if "next" not in page:
            break
        assert "marker" not in page["first"]
        path = page["next"]
    assert seen == whole
    assert len(seen) == 5


def test_others_see_what_is_public_and_find_what_is_communal(site: Site) -> None:
    assert site.names(token=OTHER) == ["public"]
    assert site.names("?visibility=community", token=OTHER) == ["community"]
    assert site.names("?visibility=all", token=OTHER) == ["community", "public"]


def test_an_administrator_sees_all_but_others_communal_images(site: Site) -> None:
    assert site.names(token=ADMIN) == ["protected", "shared", "private", "public"]


def test_a_shared_image_is_listed_once_it_is_accepted(site: Site) -> None:
    image_id = site.call("GET", "/v2/images?name=shared").decoded()["images"][0]["id"]
    members = f"/v2/images/{image_id}/members"
    assert site.call("GET", f"/v2/images/{image_id}", token=OTHER).status == 404
    member = site.call("POST", members, {"member": "p-other"})
    assert (member.status, member.decoded()["status"]) == (200, "pending")
    assert site.call("POST", members, {"member": "p-other"}).status == 409
    assert site.get(image_id, OTHER)["name"] == "shared"
    assert site.names("?visibility=shared", token=OTHER) == []
    assert site.names("?visibility=shared&member_status=pending", token=OTHER) == ["shared"]
    assert site.call("PUT", f"{members}/p-other", {"status": "maybe"}, token=OTHER).status == 400
    assert site.call("PUT", f"{members}/p-other", {"status": "accepted"}).status == 403
    assert site.call("PUT", f"{members}/p-other", {"status": "accepted"}, token=OTHER).decoded()["status"] == "accepted"
    assert site.names(token=OTHER) == ["shared", "public"]
    assert site.call("DELETE", f"{members}/p-other", token=OTHER).status == 403
    assert [site.call("DELETE", f"{members}/p-other").status for _ in range(2)] == [204, 404]
    assert site.call("GET", f"/v2/images/{image_id}", token=OTHER).status == 404
