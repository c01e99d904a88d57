"""Microversions as data: each change of an API is a named object, declared once with its date.

A service's `api/versions.py` is its whole history:

    HISTORY = History("placement", oldest=(1, 0))
    RESERVE_ALL = HISTORY.at(1, 26, "an inventory may reserve all of its total")

Code says the name (`request.since(RESERVE_ALL)`), never the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from pileus.kit.errors import Invalid, NotAcceptable

VERSION_LENGTH = 20
"""Characters of the longest version worth reading: Python refuses to read a number of thousands of digits."""


class Version(NamedTuple):
    """One microversion; compares as numbers do."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a microversion changed."""

    version: Version
    what: str


class VersionInvalid(Invalid):
    """The version header holds something that is no version."""

    message = "API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum."


class VersionUnacceptable(NotAcceptable):
    """The asked version lies outside of what this service speaks."""

    message = "Version {version} is not supported by the API. Minimum is {oldest} and maximum is {newest}."


class History:
    """All changes of one service's API, oldest first; `newest` is what its documents call latest."""

    def __init__(
        self,
        service_type: str,
        oldest: tuple[int, int],
        *,
        pattern: str = r"[1-9]\d*\.(0|[1-9]\d*)",
        invalid: type[VersionInvalid] = VersionInvalid,
        unacceptable: type[VersionUnacceptable] = VersionUnacceptable,
    ) -> None:
        self.service_type = service_type
        self._pattern = re.compile(pattern)
        self._invalid = invalid  # what this API's clients are used to read
        self._unacceptable = unacceptable
        self.oldest = Version(*oldest)
        self.newest = self.oldest
        self.changes: list[Change] = []

    def at(self, major: int, minor: int, what: str) -> Change:
        """Declare a change, in order."""
        version = Version(major, minor)
        if version < self.newest:
            raise AssertionError(f"{version} is declared after {self.newest}")
        change = Change(version, what)
        self.changes.append(change)
        self.newest = version
        return change

    def parse(self, text: str) -> Version:
        """Return the version that a client asked for: `1.31` or `latest`.

        Raises VersionInvalid, VersionUnacceptable.
        """
        if text == "latest":
            return self.newest
        if len(text) > VERSION_LENGTH or not self._pattern.fullmatch(text):
            raise self._invalid(version=text)
        major, minor = text.split(".")
        version = Version(int(major), int(minor))
        if not self.oldest <= version <= self.newest:
            raise self._unacceptable(version=text, oldest=self.oldest, newest=self.newest)
        return version
