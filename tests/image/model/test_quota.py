from __future__ import annotations

import pytest

from pileus.image.model.quota import (
    COUNT_TOTAL,
    SIZE_TOTAL,
    STEP_BYTES,
    UNITS,
    UNLIMITED,
    Quota,
    in_advance,
    of_storage,
    of_unified_limits,
    require_room,
)
from pileus.image.model.quota_errors import ProjectOverLimit, QuotaInvalid, StorageQuotaFull

MEBIBYTE = 2**20


@pytest.mark.parametrize(
    ("text", "limit_bytes"),
    [("20", 20), ("20B", 20), ("3KB", 3 * 2**10), ("3MB", 3 * 2**20), ("7GB", 7 * 2**30), ("1TB", 2**40)],
)
def test_a_storage_quota_is_a_number_with_a_unit(text: str, limit_bytes: int) -> None:
    assert of_storage(text).limits == {SIZE_TOTAL: limit_bytes}


@pytest.mark.parametrize("text", ["", "GB", "-1", "1gb", "1 GB", "1PB", "1GBB", "1.5GB", "²"])
def test_a_storage_quota_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(QuotaInvalid, match="it is a number of bytes"):
        of_storage(text)


def test_a_storage_quota_of_zero_limits_nothing() -> None:
    assert not of_storage("0").is_limited(SIZE_TOTAL)
    require_room(of_storage("0"), "p", {SIZE_TOTAL: 2**60}, {SIZE_TOTAL: 2**60})


def test_a_full_storage_quota_tells_what_remains() -> None:
    quota = of_storage("10KB")
    require_room(quota, "p", {SIZE_TOTAL: 9 * 2**10}, {SIZE_TOTAL: 2**10})
    with pytest.raises(StorageQuotaFull, match=r"The size of the data 1025 will exceed the limit\. 1024 bytes remain"):
        require_room(quota, "p", {SIZE_TOTAL: 9 * 2**10}, {SIZE_TOTAL: 2**10 + 1})


def test_what_is_not_registered_may_not_be_had_at_all() -> None:
    quota = of_unified_limits({SIZE_TOTAL: -1})
    assert quota.limits == {name: -(2**20) if name == SIZE_TOTAL else 0 for name in UNITS}
    require_room(quota, "p", {SIZE_TOTAL: 0}, {SIZE_TOTAL: 2**50})
    with pytest.raises(ProjectOverLimit):
        require_room(quota, "p", {COUNT_TOTAL: 0}, {COUNT_TOTAL: 1})


def test_all_limits_that_are_exceeded_are_told_at_once_in_the_units_of_the_identity_service() -> None:
    quota = of_unified_limits({SIZE_TOTAL: 10, COUNT_TOTAL: 1})
    used = {SIZE_TOTAL: 9 * MEBIBYTE, COUNT_TOTAL: 1}
    with pytest.raises(ProjectOverLimit) as refusal:
        require_room(quota, "p", used, {SIZE_TOTAL: MEBIBYTE + 1, COUNT_TOTAL: 1})
    assert refusal.value.reason == (
        "Project p is over a limit for [Resource image_count_total is over limit of 1 due to current usage 1 and "
        "delta 1, Resource image_size_total is over limit of 10 due to current usage 9 and delta 2]"
    )


def test_less_is_reserved_in_advance_the_less_is_free() -> None:
    quota = Quota({SIZE_TOTAL: 1000 * MEBIBYTE})
    needed = 4 * MEBIBYTE
    assert in_advance(quota, SIZE_TOTAL, {SIZE_TOTAL: 0}, needed) == needed + STEP_BYTES
    assert in_advance(quota, SIZE_TOTAL, {SIZE_TOTAL: 988 * MEBIBYTE}, needed) == needed + MEBIBYTE
    assert in_advance(quota, SIZE_TOTAL, {SIZE_TOTAL: 996 * MEBIBYTE}, needed) == needed
    assert not UNLIMITED.is_limited(*UNITS)
