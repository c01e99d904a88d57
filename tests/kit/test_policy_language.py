"""Our rules and oslo.policy's own give the same answers, whatever the rule, the caller and the target."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg as oslo_config
from oslo_policy import policy as oslo_policy

from pileus.kit.context import Context
from pileus.kit.policy import Policy

ROLES = ("admin", "Member", "reader", "service")
NAMES = ("project_id", "user_id", "owner", "visibility", "target.user.id", "target.domain.id", "lacking")
HELD = ("p1", "p2", "u1", "public", "admin", "True")
VALUES = (*HELD, "None")

checks = st.one_of(
    st.sampled_from(["@", "!", "rule:one", "rule:two", "rule:unknown", "is_admin:True", "system_scope:all"]),
    st.sampled_from(ROLES).map("role:{}".format),
    st.sampled_from(NAMES).map("role:%({})s".format),
    st.tuples(
        st.sampled_from(("project_id", "user_id", "domain_id", "user_domain_id", "roles", "unknown_credential")),
        st.one_of(st.sampled_from(HELD), st.sampled_from(NAMES).map("%({})s".format)),
    ).map(":".join),
    st.tuples(
        st.sampled_from(("'public'", '"p1"', "None", "True", "False", "7")),
        st.one_of(st.sampled_from(VALUES), st.sampled_from(NAMES).map("%({})s".format)),
    ).map(":".join),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map(lambda two: "project_id:%({})s-%({})s".format(*two)),
)


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    words = st.sampled_from((" and ", " or ", " AND ", " Or "))
    return st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        inner.map("not ({})".format),
        st.tuples(inner, words, inner).map("".join),
        st.tuples(inner, words, inner, words, inner).map(lambda parts: "({})".format("".join(parts))),
    )


rules = st.one_of(st.just(""), st.recursive(checks, combine, max_leaves=8))
leaves = st.sampled_from([*VALUES, None, True, 7])
targets = st.builds(
    lambda flat, user, domain: flat | ({"target": {"user": {"id": user}, "domain": {"id": domain}}} if user else {}),
    st.dictionaries(st.sampled_from(("project_id", "user_id", "owner", "visibility")), leaves),
    leaves,
    leaves,
)
maybe = st.sampled_from(("p1", "p2", "u1", None))
contexts = st.builds(
    lambda user, project, domain, roles, is_system: Context(
        user_id=user,
        user_domain_id="p1",
        project_id=project,
        domain_id=domain,
        is_system=is_system,
        roles=frozenset(role.lower() for role in roles),
    ),
    st.sampled_from(("u1", "u2")),
    maybe,
    maybe,
    st.sets(st.sampled_from(ROLES)),
    st.booleans(),
)


class Original:
    """oslo.policy, given the same rules."""

    def __init__(self) -> None:
        conf = oslo_config.ConfigOpts()
        conf([])
        self.enforcer = oslo_policy.Enforcer(conf, use_conf=False, default_rule="there is none")

    def allows(
        self, texts: dict[str, str], context: Context, target: dict[str, Any], *, with_none: bool = False
    ) -> bool:
        self.enforcer.set_rules(oslo_policy.Rules.from_dict(texts), overwrite=True, use_conf=False)
        # What a caller lacks is left out: with None there, the original would take None for None.
        known = {name: value for name, value in context.credentials().items() if with_none or value is not None}
        known |= {name: sorted(value) for name, value in known.items() if isinstance(value, frozenset)}
        return bool(self.enforcer.enforce("it", flatten(target), known))


def flatten(target: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Give inner names dots, as Keystone does before it asks."""
    flat: dict[str, Any] = {}
    for name, value in target.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


ORIGINAL = Original()


@settings(max_examples=400, deadline=None)
@given(rule=rules, one=checks, two=rules, context=contexts, target=targets)
def test_a_rule_gives_the_same_answer_as_in_the_original(
    rule: str, one: str, two: str, context: Context, target: dict[str, Any]
) -> None:
    texts = {"it": rule, "one": one.replace("rule:", "role:"), "two": two.replace("rule:two", "rule:one")}
    ours = Policy(texts).check("it", context, target).is_allowed
    assert ours == ORIGINAL.allows(texts, context, target), texts


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(("project_id", "domain_id", "user_id", "unknown_credential")), context=contexts)
def test_none_written_out_is_what_the_caller_lacks(name: str, context: Context) -> None:
    for rule in (f"{name}:None", f"not {name}:None"):
        ours = Policy({"it": rule}).check("it", context, {}).is_allowed
        assert ours == ORIGINAL.allows({"it": rule}, context, {}, with_none=True), rule
