from __future__ import annotations

import pytest

from pileus.identity.model.event import Event, Initiator, basic, cadf

WHO = Initiator(
    user_id="u", user_name="bob", project_id="p", domain_id=None, request_id="req-1", address="::1", agent="curl"
)


def audit(event: Event) -> dict[str, object]:
    return cadf(event, WHO, event_id="e", moment="2026-01-01T00:00:00.000000+0000", observer_id="keystone")


def test_the_basic_format_says_which_resource_and_which_request() -> None:
    event = Event(resource="user", operation="created", resource_id="new")
    assert event.type == "identity.user.created"
    assert basic(event, WHO) == {"resource_info": "new", "request_id": "req-1"}


def test_a_member_of_a_group_is_told_as_its_actor() -> None:
    actor = {"actor_id": "u", "actor_type": "user", "actor_operation": "added"}
    event = Event(resource="group", operation="updated", resource_id="g", more=actor)
    assert basic(event, WHO) == {"resource_info": "g", **actor, "request_id": "req-1"}


def test_the_cadf_format_says_who_did_it_and_from_where() -> None:
    told = audit(Event(resource="project", operation="deleted", resource_id="old"))
    assert told["action"] == "deleted.project"
    assert told["outcome"] == "success"
    assert told["target"] == {"typeURI": "data/security/project", "id": "old"}
    assert told["resource_info"] == "old"
    assert told["observer"] == {"id": "keystone", "typeURI": "service/security"}
    assert told["initiator"] == {
        "typeURI": "service/security/account/user",
        "id": "u",
        "user_id": "u",
        "name": "bob",
        "username": "bob",
        "project_id": "p",
        "request_id": "req-1",
        "host": {"address": "::1", "agent": "curl"},
    }


def test_a_role_assignment_names_its_parts_beside_each_other() -> None:
    parts = {"project": "p", "user": "u", "role": "r", "inherited_to_projects": False}
    told = audit(Event(resource="role_assignment", operation="created", more=parts))
    assert told["action"] == "created.role_assignment"
    assert {name: told[name] for name in parts} == parts
    assert "resource_info" not in told


@pytest.mark.parametrize(("is_success", "outcome"), [(True, "success"), (False, "failure")])
def test_a_login_is_one_type_of_event_however_it_went(is_success: bool, outcome: str) -> None:
    event = Event(resource="authenticate", is_success=is_success)
    assert event.type == "identity.authenticate"
    assert event.opt_out_name == f"identity.authenticate.{outcome}"
    assert audit(event)["action"] == "authenticate"
    assert audit(event)["outcome"] == outcome
