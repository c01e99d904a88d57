"""What went wrong elsewhere once and must not here."""

from __future__ import annotations

from tests.identity.conftest import database, template, world

__all__ = ["database", "template", "world"]
