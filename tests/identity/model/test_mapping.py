from __future__ import annotations

import json
from typing import Any

import pytest

from pileus.identity.model.extension_errors import (
    AssertionUnmapped,
    GroupsWithoutDomain,
    MatchMissing,
    ProjectsMalformed,
)
from pileus.identity.model.mapping import Mapped, evaluate

ASSERTION = {
    "UserName": "ada",
    "Email": "ada@analytical.test",
    "First": "Ada",
    "Last": "Lovelace",
    "Groups": "engine;poetry;chess",
    "Kind": "Employee",
}
HOME = {"name": "home"}
AWAY = {"id": "away"}


def rule(local: list[dict[str, Any]], *remote: dict[str, Any]) -> dict[str, Any]:
    return {"local": local, "remote": list(remote)}


def mapped(local: dict[str, Any], *remote: dict[str, Any], version: str = "1.0") -> Mapped:
    return evaluate([rule([local], *remote)], ASSERTION, version=version)


NAMED = {"user": {"name": "{0}"}}


def test_what_an_assertion_says_fills_the_places() -> None:
    user = {"name": "{0} {1}", "email": "{2}", "domain": {"name": "{0}"}}
    found = mapped({"user": user}, {"type": "First"}, {"type": "Last"}, {"type": "Email"})
    assert found.user == {
        "name": "Ada Lovelace",
        "email": "ada@analytical.test",
        "domain": {"name": "Ada"},
        "type": "ephemeral",
    }
    assert (found.group_ids, found.group_names, found.projects) == ((), (), ())


def test_a_user_may_be_a_local_one() -> None:
    assert mapped({"user": {"id": "{0}", "type": "local"}}, {"type": "UserName"}).user == {"id": "ada", "type": "local"}


def test_several_values_in_a_text_are_shown_as_a_list() -> None:
    assert mapped(NAMED, {"type": "Groups"}).user["name"] == "['engine', 'poetry', 'chess']"


def test_doubled_braces_are_braces() -> None:
    assert mapped({"user": {"name": "{{{0}}}"}}, {"type": "UserName"}).user["name"] == "{ada}"


def test_a_place_reaches_nothing_but_values() -> None:
    local = {"user": {"name": "{0.__class__} {0!r} {x}"}}
    assert mapped(local, {"type": "UserName"}).user["name"] == "{0.__class__} {0!r} {x}"


@pytest.mark.parametrize(
    ("requirement", "is_met"),
    [
        ({"any_one_of": ["Employee", "Contractor"]}, True),
        ({"any_one_of": ["employee"]}, False),
        ({"any_one_of": ["Empl"]}, False),
        ({"any_one_of": ["^Empl", "x"], "regex": True}, True),
        ({"any_one_of": ["^mpl"], "regex": True}, False),
        ({"any_one_of": []}, False),
        ({"not_any_of": ["Employee"]}, False),
        ({"not_any_of": ["Contractor"]}, True),
        ({"not_any_of": ["yee$"], "regex": True}, False),
        ({"not_any_of": ["^yee"], "regex": True}, True),
        ({"not_any_of": []}, True),
    ],
)
def test_a_condition_is_met_or_the_rule_does_not_apply(requirement: dict[str, Any], is_met: bool) -> None:
    rules = [rule([NAMED], {"type": "UserName"}, {"type": "Kind", **requirement})]
    if is_met:
        assert evaluate(rules, ASSERTION).user["name"] == "ada"
    else:
        with pytest.raises(AssertionUnmapped):
            evaluate(rules, ASSERTION)


def test_a_condition_takes_no_place() -> None:
    local = {"user": {"name": "{0}", "email": "{1}"}}
    remote = ({"type": "UserName"}, {"type": "Kind", "any_one_of": ["Employee"]}, {"type": "Email"})
    assert mapped(local, *remote).user["email"] == "ada@analytical.test"


def test_what_is_not_asserted_meets_no_requirement() -> None:
    for requirement in ({}, {"not_any_of": ["x"]}, {"blacklist": ["x"]}):
        with pytest.raises(AssertionUnmapped):
            mapped(NAMED, {"type": "UserName"}, {"type": "Shoe", **requirement})


@pytest.mark.parametrize(
    ("requirement", "left"),
    [
        ({}, ["engine", "poetry", "chess"]),
        ({"whitelist": ["chess", "engine", "go"]}, ["engine", "chess"]),
        ({"whitelist": ["^.{6}$"], "regex": True}, ["engine", "poetry"]),
        ({"whitelist": []}, []),
        ({"blacklist": ["poetry"]}, ["engine", "chess"]),
        ({"blacklist": ["e"], "regex": True}, []),
        ({"blacklist": []}, ["engine", "poetry", "chess"]),
    ],
)
def test_lists_are_filtered_and_keep_their_order(requirement: dict[str, Any], left: list[str]) -> None:
    remote = ({"type": "UserName"}, {"type": "Groups", **requirement})
    by_name = mapped({**NAMED, "groups": "{1}", "domain": HOME}, *remote)
    assert by_name.group_names == tuple({"name": name, "domain": HOME} for name in left)
    assert mapped({**NAMED, "group_ids": "{1}"}, *remote).group_ids == tuple(left)


def test_a_text_cannot_be_made_of_a_list_that_nothing_is_left_of() -> None:
    with pytest.raises(MatchMissing):
        mapped(NAMED, {"type": "Groups", "whitelist": ["none"]})


def test_a_place_that_nothing_fills_is_an_error() -> None:
    for local in ({"user": {"name": "{1}"}}, {"group_ids": "{7}"}):
        with pytest.raises(MatchMissing, match=r"refers to a remote match that doesn't exist"):
            mapped(local, {"type": "UserName"})


def test_every_rule_that_applies_adds_and_the_first_user_stays() -> None:
    rules = [
        rule([{"user": {"name": "{0}"}}, {"group": {"id": "g1"}}], {"type": "UserName"}),
        rule([{"user": {"name": "never"}}], {"type": "Shoe"}),
        rule([{"user": {"name": "late"}, "group": {"id": "g2"}}], {"type": "Email"}),
        rule([{"group": {"name": "{0}", "domain": AWAY}}, {"group_ids": "{1}"}], {"type": "Kind"}, {"type": "Groups"}),
        rule([{"group": {"name": "Employee", "domain": AWAY}}, {"group": {"id": "g1"}}], {"type": "Kind"}),
    ]
    found = evaluate(rules, ASSERTION)
    assert found.user["name"] == "ada"
    assert found.group_ids == ("g1", "g2", "engine", "poetry", "chess")
    assert found.group_names == ({"name": "Employee", "domain": AWAY},)


def test_no_rule_no_user() -> None:
    for rules in ([], [rule([], {"type": "UserName"})], [rule([NAMED], {"type": "Shoe"})]):
        with pytest.raises(AssertionUnmapped, match=r"^Could not map any federated user properties"):
            evaluate(rules, ASSERTION)


def test_a_rule_may_write_a_list_and_an_assertion_may_not() -> None:
    written = {**NAMED, "groups": "['a', 'b-{0}']", "domain": HOME, "group_ids": "['x']"}
    found = mapped(written, {"type": "UserName"})
    assert [group["name"] for group in found.group_names] == ["a", "b-ada"]
    assert found.group_ids == ("x",)
    forged = evaluate([rule([{"group_ids": "{0}"}], {"type": "g"})], {"g": "['admins', 'root']"})
    assert forged.group_ids == ("['admins', 'root']",)


def test_groups_by_name_need_a_domain() -> None:
    with pytest.raises(GroupsWithoutDomain, match=r"Both 'groups' and 'domain' keywords must be specified"):
        mapped({**NAMED, "groups": "{0}"}, {"type": "UserName"})


def test_groups_may_be_documents_with_a_domain_of_their_own() -> None:
    groups = [{"name": "engine", "domain": AWAY}, {"name": "poetry", "domain": HOME}]
    text = ";".join("JSON:" + json.dumps(group) for group in groups)
    found = evaluate([rule([{"groups": "{0}"}], {"type": "g"})], {"g": text})
    assert found.group_names == tuple(groups)


@pytest.mark.parametrize("text", ["JSON:{", "JSON:[]", 'JSON:{"name": "a"}', 'JSON:{"name": 1, "domain": {}}'])
def test_a_broken_document_is_no_group(text: str) -> None:
    with pytest.raises(GroupsWithoutDomain):
        evaluate([rule([{"groups": "{0}", "domain": HOME}], {"type": "g"})], {"g": text})


def test_projects_are_named_with_roles_and_the_last_that_are_named_hold() -> None:
    first, last = ([{"name": name, "roles": [{"name": "{1}"}]}] for name in ("first", "of {0}"))
    rules = [rule([{**NAMED, "projects": first}, {"projects": last}], {"type": "UserName"}, {"type": "Kind"})]
    assert evaluate(rules, ASSERTION).projects == ({"name": "of ada", "roles": [{"name": "Employee"}]},)


def test_since_the_second_version_a_domain_is_that_of_user_and_projects_that_name_none() -> None:
    projects = [{"name": "a", "roles": []}, {"name": "b", "roles": [], "domain": AWAY}]
    local = {**NAMED, "projects": projects, "domain": HOME}
    old, new = (mapped(local, {"type": "UserName"}, version=version) for version in ("1.0", "2.0"))
    assert "domain" not in old.user
    assert "domain" not in old.projects[0]
    assert new.user["domain"] == HOME
    assert [project["domain"] for project in new.projects] == [HOME, AWAY]
    assert mapped(NAMED, {"type": "UserName"}, version="2.0").user["domain"] is None
    own = {"user": {"name": "{0}", "domain": AWAY}, "domain": HOME}
    assert mapped(own, {"type": "UserName"}, version="2.0").user["domain"] == AWAY


def test_since_the_third_version_an_identity_provider_may_list_projects() -> None:
    listed = [{"name": "a;b", "roles": [{"name": "member"}], "domain": AWAY}, {"name": "c", "roles": []}]
    fixed = [{"name": "d", "roles": []}]
    local = {"projects_json": "{0}", "projects": fixed, "domain": HOME}
    found = evaluate([rule([local], {"type": "p"})], {"p": json.dumps(listed)}, version="3.0")
    assert [project["name"] for project in found.projects] == ["d", "a;b", "c"]
    assert [project["domain"] for project in found.projects] == [HOME, AWAY, HOME]


@pytest.mark.parametrize(
    "text",
    ["{", "{}", '["a"]', '[{"name": "a"}]', '[{"name": "a", "roles": ["x"]}]', '[{"name": "a", "roles": [], "x": 1}]'],
)
def test_what_is_no_list_of_projects_is_refused(text: str) -> None:
    with pytest.raises(ProjectsMalformed):
        evaluate([rule([{"projects_json": "{0}"}], {"type": "p"})], {"p": text}, version="3.0")


def test_the_rules_are_not_changed_by_being_used() -> None:
    rules = [rule([{**NAMED, "projects": [{"name": "{0}", "roles": []}], "domain": HOME}], {"type": "UserName"})]
    before = json.dumps(rules)
    assert evaluate(rules, ASSERTION, version="2.0") == evaluate(rules, ASSERTION, version="2.0")
    assert json.dumps(rules) == before
