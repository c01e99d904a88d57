"""How many statements a list or an image takes does not depend on how much there is to show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event

from tests.image.bench import ADMIN, OTHER, OWNER, Site

LISTS = (
    "",
    "visibility=all",
    "visibility=shared&member_status=all",
    "tag=t&tag=u",
    "os=linux&arch=arm",
    "name=in:a,b&status=queued&owner=p-own",
    "sort=name:asc,size:desc",
    "os_hidden=false&protected=false&min_ram_min=0",
)


def build(site: Site, number: int) -> None:
    """Add images of every kind, each with more of everything than the last."""
    for visibility in ("public", "private", "shared", "community"):
        properties = {"os": "linux", "arch": "arm", **{f"p{n}": "x" for n in range(number)}}
        tags = ["t", "u", *(f"t{n}" for n in range(number))]
        image_id = site.create(
            token=ADMIN, owner="p-own", visibility=visibility, name="ab"[number % 2], tags=tags, **properties
        )
        for member in ("p-other", *(f"p{n}" for n in range(number))) if visibility == "shared" else ():
            assert site.call("POST", f"/v2/images/{image_id}/members", {"member": member}).status == 200


@pytest.fixture
def count(site: Site) -> Callable[[str, str], tuple[int, int]]:
    said: list[str] = []
    event.listen(site.backend.database._reader, "before_cursor_execute", lambda *args: said.append(args[2]))

    def ask(path: str, token: str) -> tuple[int, int]:
        """Return the statements that a request takes, and the size of its answer."""
        said.clear()
        reply = site.call("GET", path, token=token)
        assert reply.status == 200, (path, reply.decoded())
        assert isinstance(reply.body, bytes)
        return len(said), len(reply.body)

    return ask


def test_no_list_takes_more_statements_for_more_images(
    site: Site, count: Callable[[str, str], tuple[int, int]]
) -> None:
    asked = [(f"/v2/images?{query}", token) for query in LISTS for token in (ADMIN, OWNER, OTHER)]
    build(site, 1)
    few = {each: count(*each) for each in asked}
    for number in range(2, 6):
        build(site, number)
    many = {each: count(*each) for each in asked}
    shown = [each for each in asked if few[each][1] != many[each][1]]
    assert len(shown) > len(asked) / 2
    assert {each: (few[each][0], many[each][0]) for each in shown if few[each][0] != many[each][0]} == {}
    assert max(statements for statements, _ in many.values()) <= 4


def test_an_image_and_its_members_take_a_few_statements_however_many_there_are(
    site: Site, count: Callable[[str, str], tuple[int, int]]
) -> None:
    build(site, 1)
    build(site, 7)
    ids = [image["id"] for image in site.call("GET", "/v2/images?visibility=shared").decoded()["images"]]
    assert [count(f"/v2/images/{image_id}", OWNER)[0] for image_id in ids] == [2, 2]
    is_remembered = site.backend.database.version() is not None  # the image, which was just shown
    assert [count(f"/v2/images/{image_id}/members", OWNER)[0] for image_id in ids] == [1 if is_remembered else 3] * 2
