"""Rules, the operator's file, and why somebody was refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.context import Context
from pileus.kit.errors import Forbidden
from pileus.kit.policy import PROJECT_SCOPE, Policy, PolicyFileInvalid, RuleInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MEMBER = Context(user_id="u", project_id="p", roles=frozenset({"member", "reader"}))
ADMIN = Context(user_id="a", project_id="q", roles=frozenset({"admin"}))
SERVICE = Context(user_id="s", project_id="q", service_roles=frozenset({"service"}))
SYSTEM = Context(user_id="a", is_system=True, roles=frozenset({"admin"}))


def allows(rule: str, context: Context = MEMBER, target: Mapping[str, Any] | None = None, **others: str) -> bool:
    return Policy({"it": rule, **others}).check("it", context, target or {}).is_allowed


@pytest.mark.parametrize(
    ("rule", "target", "wanted"),
    [
        ("", {}, True),
        ("@", {}, True),
        ("!", {}, False),
        ("role:member", {}, True),
        ("role:MEMBER", {}, True),
        ("role:admin", {}, False),
        ("role:%(needed)s", {"needed": "Reader"}, True),
        ("role:%(needed)s", {}, False),
        ("not role:admin", {}, True),
        ("not not role:admin", {}, False),
        ("role:admin or role:member and role:reader", {}, True),
        ("(role:admin or role:member) and role:nobody", {}, False),
        ("role:member AND NOT role:admin", {}, True),
        ("project_id:%(project_id)s", {"project_id": "p"}, True),
        ("project_id:%(project_id)s", {"project_id": "other"}, False),
        ("project_id:%(project_id)s", {}, False),
        ("project_id:p", {}, True),
        ("user_id:%(target.user.id)s", {"target": {"user": {"id": "u"}}}, True),
        ("user_id:%(target.user.id)s", {"target.user.id": "u"}, True),
        ("user_id:%(target.user.id)s", {"target": {"user": None}}, False),
        ("'public':%(visibility)s", {"visibility": "public"}, True),
        ("'public':%(visibility)s", {"visibility": "private"}, False),
        ("None:%(domain_id)s", {"domain_id": None}, True),
        ("None:%(domain_id)s", {}, False),
        ("True:%(is_public)s", {"is_public": True}, True),
        ("42:%(number)s", {"number": 42}, True),
        ("is_admin:False", {}, True),
        ("roles:reader", {}, True),
        ("project_id:%(a)s-%(b)s", {"a": "x", "b": "y"}, False),
        ("rule:other", {}, True),
        ("rule:no_such_rule", {}, False),
        ("not rule:no_such_rule", {}, True),
    ],
)
def test_a_rule_means_what_operators_know(rule: str, target: dict[str, Any], wanted: bool) -> None:
    assert allows(rule, MEMBER, target, other="role:member") is wanted


def test_what_the_caller_lacks_is_not_like_what_the_row_lacks() -> None:
    """A token without a project does not own a row without one."""
    assert not allows("project_id:%(project_id)s", SYSTEM, {"project_id": None})
    assert allows("project_id:None", SYSTEM)  # which asks for just that


def test_a_tokens_domains_have_the_names_of_keystones_rules_too() -> None:
    manager = Context(user_id="m", user_domain_id="home", domain_id="mine")
    member = Context(user_id="m", user_domain_id="home", project_id="p", project_domain_id="its")
    target = {"a": "home", "b": "mine", "c": "its"}
    assert allows("token.user.domain.id:%(a)s and token.domain.id:%(b)s", manager, target)
    assert allows("token.user.domain.id:%(a)s and token.project.domain.id:%(c)s", member, target)
    assert not allows("token.domain.id:%(b)s", member, target)


def test_a_service_is_known_by_its_own_token() -> None:
    assert allows("service_role:service", SERVICE)
    assert allows("service_roles:service", SERVICE)
    assert not allows("service_role:service", MEMBER)


@pytest.mark.parametrize(
    "rule",
    ["role", "(role:a", "role:a)", "role:a role:b", "and", "role:a or", "not", "http://example.com/check", "()"],
)
def test_a_rule_that_makes_no_sense_is_an_error(rule: str) -> None:
    with pytest.raises(RuleInvalid):
        Policy({"it": rule})


def test_a_rule_that_leads_back_to_itself_is_an_error() -> None:
    with pytest.raises(RuleInvalid, match="a → b → a"):
        Policy({"a": "rule:b", "b": "role:x or (rule:a)"})


def test_an_unknown_rule_allows_nobody_whatever_default_says() -> None:
    policy = Policy({"default": "@"})
    assert not policy.check("unknown", ADMIN, {}).is_allowed


def test_a_refusal_says_why_to_the_log_and_to_no_member() -> None:
    policy = Policy({"it": "role:admin and project_id:%(project_id)s"})
    with pytest.raises(Forbidden) as caught:
        policy.require("it", MEMBER, {"project_id": "p"})
    assert caught.value.reason == "Policy doesn't allow it to be performed."
    assert caught.value.details["why"] == (
        "it wants 'role:admin and project_id:%(project_id)s'; the caller has the roles member, reader"
    )


@pytest.mark.parametrize("who", [{"roles": frozenset({"admin"})}, {"roles": frozenset({"reader"}), "is_system": True}])
def test_who_administers_something_is_told_what_a_rule_wanted(who: dict[str, Any]) -> None:
    with pytest.raises(Forbidden) as caught:
        Policy({"it": "project_id:%(project_id)s"}).require("it", Context(user_id="a", **who), {"project_id": "p"})
    [role] = who["roles"]
    assert caught.value.reason == (
        "Policy doesn't allow it to be performed."
        f" it wants 'project_id:%(project_id)s'; the caller has the roles {role}."
    )


@pytest.mark.parametrize("context", [SYSTEM, Context(user_id="a", domain_id="d", roles=frozenset({"admin"}))])
def test_a_service_for_projects_allows_nothing_to_other_tokens_whatever_the_file_says(
    tmp_path: Path, context: Context
) -> None:
    write(tmp_path / "policy.yaml", "it: '@'\n")
    policy = Policy({"it": "role:admin"}, file=tmp_path / "policy.yaml", scopes=lambda _rule: PROJECT_SCOPE)
    assert policy.check("it", MEMBER, {}).is_allowed
    assert policy.check("it", context, {}).why(context) == (
        "it wants 'the token of a project'; the caller has the roles admin"
    )


# --- the operator's file --------------------------------------------------------------------------


def write(file: Path, text: str) -> None:
    """Write as an editor does: another file in the place of the old one."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def is_allowed(policy: Policy, context: Context = MEMBER) -> bool:
    return policy.check("it", context, {}).is_allowed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("policy.yaml", "it: role:member\n"),
        ("policy.yaml", '# a comment\n"it": "role:member"\n'),
        ("policy.json", '{\n\t"it": "role:member"\n}'),
        ("policy.yaml", '{"it": "role:member"}'),
        ("policy.yaml", "it:\n- [role:admin]\n- [role:member, role:reader]\n"),
        ("policy.yaml", "it: [role:admin, role:member]\n"),
        ("policy.yaml", "it: []\n"),
        ("policy.yaml", "it: rule:mine\nmine: role:member\n"),
    ],
)
def test_the_operators_file_overrides_a_default(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert is_allowed(Policy({"it": "!"}, file=tmp_path / name))


@pytest.mark.parametrize("name", ["policy.yaml", "policy.json"])
def test_a_file_is_read_again_when_it_changes_or_goes(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    with pytest.raises(PolicyFileInvalid, match="no such file"):
        Policy({"it": "role:admin"}, file=file)
    write(file, '{"it": "role:member"}')
    policy = Policy({"it": "role:admin"}, file=file)
    assert is_allowed(policy)
    write(file, '{"it": "role:nobody"}')
    assert not is_allowed(policy)
    write(file, "")
    assert is_allowed(policy, ADMIN)
    write(file, '{"it": "role:member"}')
    assert is_allowed(policy)
    file.unlink()
    assert not is_allowed(policy)


def test_a_change_within_the_clocks_grain_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("it: role:admin\n")
    policy = Policy({}, file=file)
    before = file.stat()
    file.write_text("it: role:member\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_allowed(policy)


BROKEN = [
    "it: [",
    "it: role:admin or\n",
    "it: (role:admin\n",
    "it: rule:it\n",
    "it: 3\n",
    "- it\n",
    "word",
    "it: {role: admin}\n",
    "it: [[3]]\n",
    "3: role:admin\n",
    "it: '\xff'\n",
    "it: !!python/object:os.system x\n",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_file_that_breaks_leaves_the_rules_as_they_were_and_is_logged_once(
    tmp_path: Path, log_file: Path, text: str
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("it: role:member\n")
    policy = Policy({"it": "!"}, file=file)
    file.write_bytes(text.encode("latin-1"))
    assert [is_allowed(policy) for _ in range(3)] == [True] * 3
    assert log_file.read_text().count("the rules stay as they were") == 1
    write(file, "it: role:admin\n")
    assert not is_allowed(policy), "and once mended it counts"


@pytest.mark.parametrize("text", BROKEN)
def test_a_service_does_not_start_with_a_broken_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises((PolicyFileInvalid, RuleInvalid)):
        Policy({"it": "!"}, file=file)
