from __future__ import annotations

import pytest

from pileus.kit.versions import History, Version, VersionInvalid, VersionUnacceptable


def test_changes_are_declared_in_order_and_the_last_is_the_newest() -> None:
    history = History("shop", oldest=(2, 1))
    change = history.at(2, 10, "ten comes after nine")
    assert (history.newest, change.version > Version(2, 9)) == (Version(2, 10), True)
    with pytest.raises(AssertionError):
        history.at(2, 9, "too late")


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "1.01", "01.1", "v1.1", "1.1 ", "1.1\n", "-1.1", "1.٣", "Latest"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(VersionInvalid):
        History("shop", oldest=(1, 0)).parse(text)


@pytest.mark.parametrize("text", ["1.0", "1.6", "2.1", "9.999999"])
def test_a_version_that_is_not_spoken_is_refused_with_what_is(text: str) -> None:
    history = History("shop", oldest=(1, 1))
    history.at(1, 5, "x")
    with pytest.raises(VersionUnacceptable, match=r"Minimum is 1\.1 and maximum is 1\.5"):
        history.parse(text)


def test_latest_is_the_newest() -> None:
    history = History("shop", oldest=(1, 1))
    history.at(1, 5, "x")
    assert history.parse("latest") == history.parse("1.5") == Version(1, 5)
