"""`[placement]`: what an operator may choose."""

from __future__ import annotations

from typing import Literal

from pileus.kit.settings import DatabaseSettings, ListenSettings, Section


class Settings(Section, frozen=True, kw_only=True):
    """`[placement]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=8778)
    policy_file: str = ""
    enforce_new_defaults: bool = True  # false: whom the policy's old defaults let do something, may still do it
    auth_strategy: Literal["keystone", "noauth2"] = "keystone"  # noauth2: for tests, callers are who they say they are
    max_allocation_candidates: int = (
        -1
    )  # the most that one answer holds, whatever its limit says; -1: as many as there are
    noauth_anywhere: bool = False  # whether noauth2 may be served on other addresses than loopback
