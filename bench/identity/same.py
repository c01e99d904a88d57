"""Requires that both sides answer the same, for else their times say nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bench.identity.guest import TOKENS, Guest

SAMPLE = 20


class Different(Exception):
    """The sides do not answer the same."""


def require_same_tokens(guests: Sequence[Guest]) -> None:
    """Compare what some users' tokens stand for, and their catalogs. Raises Different."""
    for number in range(SAMPLE):
        found = [_token(guest, guest.subjects[number]) for guest in guests]
        if any(each != found[0] for each in found):
            raise Different(f"a token stands for different things: {found}")


def require_same_page(guests: Sequence[Guest], path: str, kind: str, count: int) -> None:
    """Require so many rows of each side, and mostly the same: a few accounts have other ids. Raises Different."""
    found = [{row["id"] for row in guest.fetch(path)[kind]} for guest in guests]
    for each in found:
        if len(each) != count or len(each & found[0]) < 0.9 * count:
            raise Different(f"{path}: {len(each)} rows, of which both have {len(each & found[0])}")


def require_count(guest: Guest, path: str, kind: str, count: int) -> None:
    """Require so many rows. Raises Different."""
    found = len(guest.fetch(path)[kind])
    if found != count:
        raise Different(f"{path}: {found} rows instead of {count}")


def _token(guest: Guest, text: str) -> Any:
    shown = json.loads(guest.ask(guest.request("GET", TOKENS, X_Subject_Token=text)).body)["token"]
    return {
        "user": shown["user"],
        "project": shown["project"],
        "methods": shown["methods"],
        "roles": sorted(role["name"] for role in shown["roles"]),
        "catalog": sorted(
            (service["type"], sorted((each["interface"], each["region_id"]) for each in service["endpoints"]))
            for service in shown["catalog"]
        ),
    }
