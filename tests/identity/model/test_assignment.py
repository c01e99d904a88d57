from __future__ import annotations

from pileus.identity.model.assignment import close_over


def test_a_role_brings_all_that_it_implies_through_others() -> None:
    implications = {"admin": ["manager"], "manager": ["member"], "member": ["reader"]}
    assert close_over(["manager"], implications) == {"manager", "member", "reader"}


def test_roles_that_imply_each_other_end() -> None:
    assert close_over(["a"], {"a": ["b"], "b": ["a", "c"]}) == {"a", "b", "c"}


def test_no_role_implies_none() -> None:
    assert close_over([], {"a": ["b"]}) == set()
