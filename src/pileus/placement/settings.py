"""`[placement]`: what an operator may choose."""

from __future__ import annotations

from pileus.kit.settings import DatabaseSettings, ListenSettings, Section


class Settings(Section, frozen=True, kw_only=True):
    """`[placement]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=8778)
    policy_file: str = ""
