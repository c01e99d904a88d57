"""What compute has, asked by those who hold its books against their own."""

from __future__ import annotations

import pytest

from pileus.clients.compute import Compute, ComputeFailed, ComputeRefused
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import Reply
from tests.clients.nova import Nova


def test_servers_of_all_projects_are_listed_page_by_page() -> None:
    nova = Nova(servers=["a", "b", "c", "d"])
    assert Compute(nova.session()).list_server_ids() == {"a", "b", "c", "d"}
    assert nova.asked == [
        "/v2.1/servers?all_tenants=1",
        "/v2.1/servers?all_tenants=1&marker=b",
        "/v2.1/servers?all_tenants=1&marker=d",
    ]


def test_a_list_is_begun_anew_when_the_server_goes_that_a_page_ended_with() -> None:
    nova = Nova(servers=["a", "b", "c"], deleted_between_pages=["b"])
    assert Compute(nova.session()).list_server_ids() == {"a", "c"}


def test_a_list_that_never_comes_to_its_end_is_no_list() -> None:
    nova = Nova(servers=[*"abcdefgh"], deleted_between_pages=[*"bcdefgh"])
    with pytest.raises(ComputeFailed, match="400"):
        Compute(nova.session()).list_server_ids()


def test_a_server_that_is_not_listed_may_be_there() -> None:
    compute = Compute(Nova(servers=["a"], unlisted=["b"]).session())
    assert [compute.has_server(uuid) for uuid in "abc"] == [True, True, False]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, b"<html>no backend</html>", {"content-type": "text/html"}),
        Reply.json({"message": "no route"}, 404),
        Reply.json({"computeFault": {"code": 500, "message": "Cell is not responding"}}, 500),
        Reply.json({}, 200),
    ],
)
def test_only_nova_itself_says_that_a_server_is_gone(reply: Reply) -> None:
    with pytest.raises(ComputeFailed):
        Compute(Nova(answer=reply).session()).has_server("a")


def test_migrations_are_in_progress_until_their_status_says_that_they_ended() -> None:
    statuses = ["running", "finished", "completed", "error", "confirming", "confirmed", "post-migrating"]
    nova = Nova(migrations={status: status for status in statuses})
    found = Compute(nova.session()).list_migrations_in_progress()
    assert found == {"running", "finished", "confirming", "post-migrating"}


def test_a_compute_without_migrations_or_aggregates_of_that_kind_has_none() -> None:
    old = Compute(Nova(migrations={"m": "running"}, aggregates={"u": "rack"}, newest=40).session())
    assert old.list_migrations_in_progress() == frozenset()
    assert old.list_aggregate_names() == {}
    none = Compute(Nova(answer=Reply.json({"itemNotFound": {"code": 404}}, 404)).session())
    assert none.list_migrations_in_progress() == frozenset()
    assert none.list_aggregate_names() == {}


def test_hosts_have_names() -> None:
    assert Compute(Nova(hosts=("one", "two")).session()).list_host_names() == {"one", "two"}


def test_aggregates_have_names() -> None:
    assert Compute(Nova(aggregates={"u": "rack-1"}).session()).list_aggregate_names() == {"u": "rack-1"}


def test_who_is_no_administrator_is_told_so() -> None:
    nova = Nova(answer=Reply.json({"forbidden": {"code": 403, "message": "Policy"}}, 403))
    with pytest.raises(ComputeRefused, match="placement") as refused:
        Compute(nova.session()).list_server_ids()
    assert isinstance(refused.value, Unavailable)
