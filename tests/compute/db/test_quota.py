from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.compute.db import quota
from pileus.kit.db import Database

if TYPE_CHECKING:
    pass


def test_a_project_its_users_and_classes_have_limits_of_their_own(database: Database) -> None:
    database.write(quota.set_limits, "p", {"cores": 8, "ram": -1})
    database.write(quota.set_limits, "p", {"cores": 3, "ram": -1}, "u1")
    database.write(quota.set_limits, "p", {"cores": 2}, "u2")
    database.write(quota.set_limits, "p", {"cores": 4}, "u2")
    database.write(quota.set_class_limits, "default", {"cores": 9})
    with database.read() as tx:
        assert quota.own_limits(tx, "p") == {"cores": 8, "ram": -1}
        assert quota.own_limits(tx, "p", "u2") == {"cores": 4}
        assert quota.own_limits(tx, "other") == {}
        assert quota.limits_given_to_users(tx, "p") == {"cores": 7}
        assert quota.class_limits(tx, "default") == {"cores": 9}


def test_a_users_limits_go_alone_and_a_projects_with_those_of_its_users(database: Database) -> None:
    for user_id in (quota.WHOLE_PROJECT, "u1", "u2"):
        database.write(quota.set_limits, "p", {"cores": 1}, user_id)
    database.write(quota.delete_limits, "p", "u1")
    with database.read() as tx:
        assert (quota.own_limits(tx, "p", "u1"), quota.own_limits(tx, "p")) == ({}, {"cores": 1})
    database.write(quota.delete_limits, "p")
    with database.read() as tx:
        assert (quota.own_limits(tx, "p", "u2"), quota.own_limits(tx, "p")) == ({}, {})
