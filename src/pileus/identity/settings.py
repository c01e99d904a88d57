"""`[identity]`: what an operator may choose."""

from __future__ import annotations

from pileus.kit.settings import DatabaseSettings, ListenSettings, Section


class Settings(Section, frozen=True, kw_only=True):
    """`[identity]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=5000)
    token_lifetime_s: int = 3600
    password_hash_rounds: int = 12  # of bcrypt: 2**rounds
    policy_file: str = ""
