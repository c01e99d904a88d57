from __future__ import annotations

from datetime import datetime

import pytest

from pileus.image.model.errors import FormatsMissing
from pileus.image.model.image import VISIBILITIES, Image, is_seen_by, require_ready_for_data

NOON = datetime(2026, 1, 1, 12)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("owner", {"public", "community", "shared", "private"}),
        ("member", {"public", "community", "shared"}),
        ("stranger", {"public", "community"}),
        (None, {"public", "community"}),
    ],
)
def test_visibility_says_who_sees_an_image(who: str | None, seen: set[str]) -> None:
    member_id = "member" if who == "member" else None
    images = [
        Image(id="i", owner="owner", visibility=each, member_id=member_id, created_at=NOON, updated_at=NOON)
        for each in VISIBILITIES
    ]
    assert {image.visibility for image in images if is_seen_by(image, who, is_admin=False)} == seen
    assert all(is_seen_by(image, who, is_admin=True) for image in images)


def test_an_image_without_formats_takes_no_bytes() -> None:
    image = Image(id="i", disk_format="raw", created_at=NOON, updated_at=NOON)
    with pytest.raises(FormatsMissing, match="Property container_format must be set prior to saving data"):
        require_ready_for_data(image)
