from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from pileus.identity.db import catalog, domain, endpoint_filter, limit, policy, project
from pileus.identity.model.catalog import Endpoint, EndpointGroup, Given, Region, Service
from pileus.identity.model.catalog_errors import EndpointAbsent
from pileus.identity.model.limit import Limit, RegisteredLimit
from pileus.identity.model.policy import Place, Policy
from pileus.identity.model.resource import Domain, Project
from pileus.kit.db import Database, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTERED = RegisteredLimit(id="r", service_id="s", resource_name="Köpfe", default_limit=-1, description="☃")


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    """A transaction that sees a domain with a project, and a service with an endpoint in a region."""
    with database.engine.connect() as connection:
        begun = connection.begin()
        tx = Transaction(connection)
        domain.add(tx, Domain(id="d", name="d"))
        project.add(tx, Project(id="p", name="p", domain_id="d", parent_id="d"))
        catalog.save_region(tx, Region(id="R"))
        catalog.add_service(tx, Service(id="s", type="x"))
        catalog.add_endpoint(tx, Endpoint(id="e", service_id="s", interface="public", url="http://x", region_id="R"))
        yield tx
        if begun.is_active:
            begun.rollback()


def test_limits_come_back_as_they_were_written(tx: Transaction) -> None:
    limit.add_registered(tx, REGISTERED)
    of_project = Limit(id="1", registered=REGISTERED, resource_limit=2**31 - 1, project_id="p", description="ü")
    of_domain = Limit(id="2", registered=REGISTERED, resource_limit=0, domain_id="d")
    for each in (of_project, of_domain):
        limit.add(tx, each)
        assert limit.get(tx, each.id) == each
    assert limit.get_registered(tx, "r", is_locked=True) == limit.find_registered(tx, "s", None, "Köpfe") == REGISTERED
    assert limit.list_limits(tx, within=limit.in_domain("d")) == [of_project, of_domain]
    assert sorted(limit.list_of(tx, "r", "d"), key=lambda each: each.id) == [of_project, of_domain]
    assert limit.list_limits(tx, project_id="p", service_id="s", resource_name="Köpfe") == [of_project]
    assert limit.list_limits(tx, domain_id="d") == [of_domain]
    assert limit.list_limits(tx, project_id="d") == limit.list_limits(tx, region_id="R") == []
    project.delete(tx, "p")
    assert limit.list_limits(tx) == [of_domain]


def test_a_resource_is_registered_once_also_where_no_region_is_named(tx: Transaction) -> None:
    limit.add_registered(tx, REGISTERED)
    with pytest.raises(IntegrityError):
        limit.add_registered(tx, RegisteredLimit(id="2", service_id="s", resource_name="Köpfe", default_limit=1))


def test_an_endpoint_group_comes_back_as_it_was_written(tx: Transaction) -> None:
    new = EndpointGroup(id="g", name="ü", description="", filters={"interface": "public", "region_id": None})
    endpoint_filter.add_group(tx, new)
    assert endpoint_filter.get_group(tx, "g") == new
    assert endpoint_filter.list_groups(tx, name="ü") == [new]
    assert endpoint_filter.list_groups(tx, name="u") == []


def test_a_project_was_given_what_it_was_given(tx: Transaction) -> None:
    filters: dict[str, str | None] = {"interface": "public"}
    endpoint_filter.add_group(tx, EndpointGroup(id="g", name="g", filters=filters))
    assert endpoint_filter.get_given(tx, "p") == Given()
    assert [endpoint_filter.give(tx, "p", "e") for _ in range(2)] == [True, False]
    assert [endpoint_filter.give_group(tx, "p", "g") for _ in range(2)] == [True, False]
    assert endpoint_filter.get_given(tx, "p") == Given(endpoint_ids=frozenset("e"), groups=(filters,))
    endpoint_filter.take(tx, "p", "e")
    endpoint_filter.take_group(tx, "p", "g")
    assert endpoint_filter.get_given(tx, "p") == Given()
    with pytest.raises(EndpointAbsent):
        endpoint_filter.take(tx, "p", "e")


def test_a_policy_comes_back_as_it_was_written_and_is_for_what_it_was_put_to(tx: Transaction) -> None:
    policies = [Policy(id=each, type="ü", blob="☃" * 70000, extra={"cow": [1, None]}) for each in ("1", "2")]
    places = [Place(endpoint_id="e"), Place(service_id="s", region_id="R"), Place(service_id="s")]
    for each in policies:
        policy.add(tx, each)
        assert policy.get(tx, each.id) == each
        for place in places:
            policy.associate(tx, each.id, place)
            assert policy.find_associated(tx, [Place(endpoint_id="other"), place]) == each.id
    assert policy.list_places(tx, "1") == []
    assert sorted(policy.list_places(tx, "2"), key=str) == sorted(places, key=str)
    policy.dissociate(tx, "1", places[0])
    policy.dissociate(tx, "2", places[1])
    assert [policy.find_associated(tx, [place]) for place in places] == ["2", None, "2"]
    catalog.delete_service(tx, "s")
    assert policy.list_places(tx, "2") == []
