"""What went wrong elsewhere once and must not here."""

from __future__ import annotations

from tests.compute.conftest import cloud
from tests.identity.conftest import database, template, world
from tests.image.conftest import migrated_file, new_site, site

__all__ = ["cloud", "database", "migrated_file", "new_site", "site", "template", "world"]
