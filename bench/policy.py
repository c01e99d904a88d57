"""How long one decision takes: our compiled rules beside oslo.policy's, on identity's defaults.

python -m bench.policy
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from oslo_config import cfg
from oslo_policy import policy as oslo

from pileus.identity.policy import DEFAULTS
from pileus.kit.context import Context
from pileus.kit.policy import Policy

RULES = ("identity:get_user", "identity:validate_token", "identity:create_grant")
ROUNDS, CALLS = 7, 500
ROLES = ["member", "reader"]
TARGET = {"user": {"id": "somebody", "domain_id": "elsewhere"}}


def main() -> None:
    """Print a line for each rule."""
    ours, context = Policy(DEFAULTS), Context(user_id="u", project_id="p", roles=frozenset(ROLES), user_domain_id="d")
    theirs = oslo.Enforcer(cfg.ConfigOpts(), use_conf=False, rules=oslo.Rules.from_dict(dict(DEFAULTS)))
    theirs.conf([], project="bench")
    caller = {"user_id": "u", "project_id": "p", "roles": ROLES, "user_domain_id": "d"}
    flat = {f"target.user.{name}": value for name, value in TARGET["user"].items()}
    for rule in RULES:
        here = _microseconds(lambda rule=rule: ours.check(rule, context, {"target": TARGET}))  # type: ignore[misc]
        there = _microseconds(lambda rule=rule: theirs.enforce(rule, flat, caller))  # type: ignore[misc]
        print(f"{rule:32} compiled here {here:6.1f} µs   oslo.policy {there:6.1f} µs")


def _microseconds(decide: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            decide()
        taken.append((time.process_time() - began) / CALLS * 1e6)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
