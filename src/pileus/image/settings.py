"""`[image]`: what an operator may choose."""

from __future__ import annotations

import msgspec

from pileus.kit.settings import DatabaseSettings, ListenSettings, Section


class StoreSettings(Section, frozen=True, kw_only=True):
    """`[image.stores.NAME]`."""

    kind: str = "file"  # or memory
    directory: str = ""  # of a file store; empty: images/NAME in the state directory


class LimitSettings(Section, frozen=True, kw_only=True):
    """`[image.limits]`: what one image may hold. A negative count is no limit."""

    properties: int = 128
    tags: int = 128
    members: int = 128
    size_gb: int = 1024


class Settings(Section, frozen=True, kw_only=True):
    """`[image]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=9292)
    stores: dict[str, StoreSettings] = msgspec.field(default_factory=lambda: {"local": StoreSettings()})
    default_store: str = ""  # empty: the first one
    limits: LimitSettings = LimitSettings()
    upload_lease_s: float = 60  # after which an upload whose process was not heard of counts as dead
    stall_s: float = 300  # after which an upload that brings no bytes is given up
    policy_file: str = ""
