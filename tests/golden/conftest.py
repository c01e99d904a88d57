"""The services that the golden files are about."""

from __future__ import annotations

from tests.identity.conftest import database, template, world

__all__ = ["database", "template", "world"]
