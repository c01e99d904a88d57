"""Whoever had an application credential became anybody, by naming another user beside its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_login import credential, own, show

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def test_an_application_credential_is_its_owners_whoever_is_named_beside_it(world: World) -> None:
    owner, _, token = own(world)
    made = credential(world, owner, token)
    admin = {"name": "admin", "domain": {"id": "default"}}
    shown = {"application_credential": {"id": made["id"], "secret": made["secret"], "user": admin}}
    assert show(world, shown).decoded()["token"]["user"]["id"] == owner
