from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from tests.placement.conftest import Client

PATH = "/allocation_candidates/explanation"


def test_an_empty_list_of_candidates_can_be_explained(client: Client) -> None:
    host = client.provider("full", VCPU={"total": 4, "reserved": 1})
    client.provider("disks", DISK_GB={"total": 100})
    assert client.allocate(str(uuid4()), {host: {"VCPU": 2}}).status == 204
    assert client("GET", "/allocation_candidates?resources=VCPU:2").decoded()["allocation_requests"] == []
    reply = client("GET", f"{PATH}?resources=VCPU:2")
    assert reply.status == 200
    document = reply.decoded()
    assert (document["trees"], document["trees_for_each_group"], document["trees_with_candidates"]) == (2, 0, 0)
    (group,) = document["groups"]
    assert group["requirements"][-1] == {
        "requirement": "capacity", "names": ["VCPU"], "amount": 2, "providers": 0, "trees": 0, "trees_left": 0
    }  # fmt: skip
    assert group["nearest_misses"] == [{"uuid": host, "name": "full", "lacks": ["VCPU: 2 asked, 1 of 3 left"]}]


def test_an_explanation_takes_the_same_queries_as_the_list(client: Client) -> None:
    for query in ("", "resources=", "resources=VCPU:0", "resources=VCPU:1&required=CUSTOM_NONE", "resources=X:1"):
        listed = client("GET", f"/allocation_candidates?{query}")
        explained = client("GET", f"{PATH}?{query}")
        assert (explained.status, listed.status) == (400, 400)
        (said,), (wanted) = explained.decoded()["errors"], listed.decoded()["errors"][0]
        assert said["detail"] == wanted["detail"]


def test_an_explanation_is_for_those_who_may_list_candidates(client: Client) -> None:
    assert client("GET", f"{PATH}?resources=VCPU:1", token="reader").status == 403
    assert client("GET", f"{PATH}?resources=VCPU:1", token="").status == 401
    assert client("GET", f"{PATH}?resources=VCPU:1", version="1.9").status == 404
