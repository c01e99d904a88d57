from __future__ import annotations

import pytest

from pileus.image.model.errors import PropertyRulesInvalid
from pileus.image.model.property_rule import PropertyRules, Touch, parse

RULES = """
[^x_owner_]
create = admin, Member
read = @
update = member
delete = !

[.*]
create = @
read = spy
update = admin
delete = admin
"""


def words(**words: str) -> str:
    return "\n".join(
        f"{operation} = {words.get(operation, '@')}" for operation in ("create", "read", "update", "delete")
    )


def touch(rules: PropertyRules, *roles: str, granted: tuple[str, ...] = ()) -> Touch:
    return rules.touch(frozenset(roles), lambda rule: rule in granted)


def test_the_first_expression_found_in_a_name_counts() -> None:
    member = touch(parse(RULES, are_policies=False), "member")
    assert [member(operation, "x_owner_a") for operation in ("create", "read", "update", "delete")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert [member(operation, "other") for operation in ("create", "read", "update", "delete")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert touch(parse(RULES, are_policies=False), "admin")("delete", "x_owner_a") is False


def test_what_the_file_does_not_speak_of_is_nobodys() -> None:
    rules = parse(f"[^a$]\n{words()}", are_policies=False)
    assert touch(rules, "admin")("read", "a")
    assert not touch(rules, "admin")("read", "b")


def test_the_services_own_properties_can_be_read_whatever_the_file_says() -> None:
    assert touch(parse(f"[.*]\n{words(read='!')}", are_policies=False), "reader")("read", "os_glance_failed_import")


def test_a_rule_of_the_policy_may_decide() -> None:
    rules = parse(f"[.*]\n{words(create='makers', read='@', update='!')}", are_policies=True)
    assert touch(rules, "makers")("create", "a") is False
    assert touch(rules, granted=("makers",))("create", "a") is True
    assert touch(rules)("read", "a") is True
    assert touch(rules, granted=("!",))("update", "a") is False


def test_an_operation_that_names_nobody_is_nobodys() -> None:
    assert touch(parse(f"[.*]\n{words(delete='')}", are_policies=False), "admin")("delete", "a") is False


@pytest.mark.parametrize(
    ("text", "are_policies", "reason"),
    [
        ("create = admin", False, "no section headers"),
        (f"[(]\n{words()}", False, "is no regular expression"),
        ("[a]\ncreate = @\nread = @\nupdate = @", False, "does not say who may delete"),
        (f"[a]\n{words(read='@, !')}", False, "allows everybody and nobody"),
        (f"[a]\n{words(read='one, two')}", True, "names several rules"),
    ],
)
def test_a_bad_file_is_refused(text: str, are_policies: bool, reason: str) -> None:
    with pytest.raises(PropertyRulesInvalid, match=reason):
        parse(text, are_policies=are_policies)
