from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pileus.identity.model.delegation_errors import RedelegationForbidden
from pileus.identity.model.trust import Trust, redelegation_count_of, require_within

NOW = datetime(2026, 1, 1)
PARENT = Trust(
    id="parent",
    trustor_user_id="a",
    trustee_user_id="b",
    project_id="p",
    role_ids=("r", "s"),
    is_impersonation=False,
    expires_at=NOW,
    redelegation_count=1,
)
CHILD = replace(PARENT, id="child", role_ids=("r",), redelegated_trust_id="parent")


def test_a_trust_is_over_when_it_has_expired_or_is_used_up() -> None:
    assert PARENT.is_live(NOW)
    assert not PARENT.is_live(NOW + timedelta(microseconds=1))
    assert not replace(PARENT, remaining_uses=0).is_live(NOW)
    assert replace(PARENT, expires_at=None, remaining_uses=1).is_live(NOW)


@pytest.mark.parametrize(
    ("parent", "is_allowed", "wanted", "count"),
    [
        (None, False, None, 0),
        (None, False, 2, 0),
        (None, True, None, 3),
        (None, True, 2, 2),
        (None, True, 0, 0),
        (PARENT, True, None, 0),
        (replace(PARENT, redelegation_count=3), True, 2, 2),
        (replace(PARENT, redelegation_count=3), False, None, 0),
    ],
)
def test_a_chain_grows_shorter(parent: Trust | None, is_allowed: bool, wanted: int | None, count: int) -> None:
    assert redelegation_count_of(parent, is_allowed=is_allowed, wanted=wanted) == count


@pytest.mark.parametrize(("parent", "wanted"), [(None, 4), (PARENT, 1), (replace(PARENT, redelegation_count=3), 1)])
def test_a_count_of_ones_own_choice_is_refused(parent: Trust | None, wanted: int) -> None:
    with pytest.raises(RedelegationForbidden):
        redelegation_count_of(parent, is_allowed=True, wanted=wanted)


def test_a_part_of_a_trust_is_passed_on() -> None:
    require_within(PARENT, CHILD)
    require_within(replace(PARENT, expires_at=None), replace(CHILD, expires_at=None))


@pytest.mark.parametrize(
    "more",
    [
        {"role_ids": ("r", "t")},
        {"expires_at": NOW + timedelta(seconds=1)},
        {"expires_at": None},
        {"is_impersonation": True},
        {"project_id": "q"},
        {"project_id": None},
        {"remaining_uses": 1},
    ],
)
def test_more_than_there_is_is_not_passed_on(more: dict[str, Any]) -> None:
    with pytest.raises(RedelegationForbidden):
        require_within(PARENT, replace(CHILD, **more))


def test_a_trust_whose_count_is_used_up_is_not_passed_on() -> None:
    with pytest.raises(RedelegationForbidden):
        require_within(replace(PARENT, redelegation_count=0), CHILD)
