from __future__ import annotations

import pytest

from pileus.identity.model.catalog_errors import LimitInvalid
from pileus.identity.model.limit import UNLIMITED, Limit, RegisteredLimit, require_within

REGISTERED = RegisteredLimit(id="r", service_id="s", resource_name="cores", default_limit=10)


def limit(amount: int) -> Limit:
    return Limit(id=f"{amount}", registered=REGISTERED, resource_limit=amount, project_id="p")


@pytest.mark.parametrize(
    ("of_domain", "of_project", "is_within"),
    [
        (10, 10, True), (10, 11, False), (0, 0, True), (0, 1, False), (10, UNLIMITED, False), (UNLIMITED, 11, True),
        (UNLIMITED, UNLIMITED, True),
    ],
)  # fmt: skip
def test_a_project_has_at_most_what_its_domain_has(of_domain: int, of_project: int, is_within: bool) -> None:
    if is_within:
        require_within(of_domain, [limit(of_project)], limit(of_project))
    else:
        with pytest.raises(LimitInvalid, match=r"project_id: p, resource_name: cores"):
            require_within(of_domain, [limit(of_project)], limit(of_project))
