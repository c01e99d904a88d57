from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.compute.api.versions import HISTORY
from pileus.compute.settings import ConsoleSettings, QuotaSettings, Settings
from tests.compute.cloud import Cloud
from tests.golden.compute_sample import PAGES, SAMPLES, Sampler, is_writing, known_versions, rows_of

if TYPE_CHECKING:
    from pathlib import Path

UNSEEN = {
    4: "addresses", 12: "addresses", 20: "volumes", 34: "when an error comes", 60: "volumes", 70: "ports and volumes",
    72: "ports", 87: "volumes", 89: "volumes", 101: "volumes", 103: "os-volumes_boot, which is as servers",
    5: "a filter", 35: "pages", 38: "a filter", 40: "pages", 66: "a filter", 83: "filters",
    7: "a refusal", 86: "refusals", 94: "a refusal", 92: "a refusal",
    18: "paths", 27: "a header", 46: "a header",
    21: "deleted servers", 65: "a migration that only waits",
    69: "hosts out of reach", 95: "a server's state",
}  # fmt: skip
"""Changes of what no sample is about."""


@pytest.mark.parametrize("page", PAGES)
def test_each_route_answers_as_its_sample_says_at_each_version(tmp_path: Path, page: str) -> None:
    settings = Settings(
        quota=QuotaSettings(instances=-1, cores=-1, ram_mb=-1, server_groups=-1, key_pairs=-1),
        console=ConsoleSettings(
            novnc_url="http://novnc", spice_html5_url="http://spice", serial_url="http://serial",
            spice_direct_url="http://spice-direct", webmks_url="http://mks",
        ),
    )  # fmt: skip
    cloud = Cloud(f"sqlite:///{tmp_path}/compute.sqlite", settings)
    text = Sampler(cloud).page(page, {} if is_writing() else known_versions(page))
    cloud.database.close()
    path = SAMPLES / f"{page}.md"
    if is_writing():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), f"{path} differs; if that is meant: PILEUS_GOLDEN=write pytest tests/golden"


def test_every_microversion_is_seen_in_a_sample_or_excused() -> None:
    seen = {version.minor for page in PAGES for versions in known_versions(page).values() for version in versions}
    dates = [date for page in PAGES for row in rows_of(page) for date in (row.since, row.until) if date is not None]
    seen |= {date.version.minor for date in dates}
    assert {change.version.minor for change in HISTORY.changes} - seen == UNSEEN.keys()
