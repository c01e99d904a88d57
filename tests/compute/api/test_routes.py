from __future__ import annotations

from pileus.compute.api import aggregate, server_action
from pileus.compute.api.route.flavor import ACTIONS as FLAVOR_ACTIONS
from pileus.compute.api.route.row import BY_ACTION
from pileus.compute.api.routes import ROUTES
from pileus.compute.policy import DEFAULTS


def test_every_route_and_action_has_a_rule_that_exists() -> None:
    rules = {row.rule for row in ROUTES.rows if row.rule is not None} - {BY_ACTION}
    rules |= {row.rule for row in (*server_action.ACTIONS, *aggregate.ACTIONS, *FLAVOR_ACTIONS)}
    assert rules <= DEFAULTS.keys()


def test_the_rule_of_a_path_of_actions_allows_nobody() -> None:
    assert BY_ACTION not in DEFAULTS
