"""The rows of the table: what is asked, how often, and what the aim is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import bcrypt

from bench.client import Refused
from bench.identity import guest as requests
from bench.identity.guest import Guest, Make, in_turn
from bench.identity.same import require_count, require_same_page, require_same_tokens
from bench.identity.world import World
from bench.measure import capped, latencies, per_second, rates
from bench.report import Figure, Row, at_least, at_most, times_better
from bench.wire import Load
from pileus.identity.tokens.password import DEFAULT_ROUNDS

TIMES, LIST_MS, VALIDATIONS = 10, 20, 3000
PAGE = 100
SECONDS, SLOW_SECONDS, TURNS = 3.0, 6.0, 2
NEW = 200  # tokens that nobody has asked about
CAP_S = 30  # for what the original cannot page
FAULTS = (0, 500)  # 0: it hung up


def validate(guests: Sequence[Guest], _world: World) -> list[Row]:
    """Validate tokens: new ones, the same one, and many that were asked about before."""
    # The first of a token; the one before them all warms the connections up.
    new = latencies(guests, in_turn(requests.validations(NEW + 1)), NEW)
    require_same_tokens(guests)
    found = [times_better("validation of a token, the first: one client", *_pair(new), TIMES)]
    for what, count in (("one token", 1), (f"{len(guests[0].subjects):,} tokens", len(guests[0].subjects))):
        make = requests.validations(count)
        for guest in guests:
            guest.ask_all(make(guest))
        one = latencies(guests, in_turn(make), NEW)
        many = rates(guests, in_turn(make), SECONDS, TURNS)
        figures = _pair([per_second(laps) for laps in many])
        found.append(times_better(f"validation, {what}: one client", *_pair(one), TIMES))
        label = f"validation, {what}: 16 clients"
        found.append(
            _both(at_least(label, *figures, VALIDATIONS), times_better(label, *figures, TIMES, is_more_better=True))
        )
        found.append(_limit(what, many[0]))
    return found


def rescope(guests: Sequence[Guest], _world: World) -> list[Row]:
    """Issue tokens for tokens."""
    return _one_and_many(guests, "token from a token", requests.rescopings, NEW, SECONDS)


def application_credential(guests: Sequence[Guest], _world: World) -> list[Row]:
    """Issue tokens for an application credential, whose secret each side made itself."""
    make = requests.logins_by_application_credential
    return _one_and_many(guests, "token from an application credential", make, 10, SLOW_SECONDS, ours_more=10)


def password(guests: Sequence[Guest], _world: World) -> list[Row]:
    """Issue tokens for a password, which both sides hashed with what they do by default."""
    make = requests.logins_by_password
    found = _one_and_many(guests, "token from a password", make, 10, SLOW_SECONDS, has_aim=False)
    what = f"of which the hash: one bcrypt of 2^{DEFAULT_ROUNDS} rounds, on both sides"
    return [*found, Row(what, _hash_ms(), has_ratio=False)]


def catalog(guests: Sequence[Guest], _world: World) -> list[Row]:
    """Ask for the catalog with one user's token after the other."""
    for guest in guests:
        guest.ask_all(requests.catalogs(guest))
    return _one_and_many(guests, "catalog", requests.catalogs, NEW, SECONDS)


def users(guests: Sequence[Guest], world: World) -> list[Row]:
    """Ask for a page of many users: the first, and one in the middle."""
    middle = sorted(user.id for user in world.users)[len(world.users) // 2]
    found = []
    for where, rest in (("", ""), (", from the middle", f"&marker={middle}")):
        path = f"/v3/users?limit={PAGE}{rest}"
        require_same_page(guests, path, "users", PAGE)
        figures = latencies(guests, in_turn(requests.page(path)), 20, ours_more=5)
        what = f"{PAGE} of {len(world.users):,} users{where}: one client"
        found.append(at_most(what, *_pair(figures), LIST_MS))
    return found


def assignments(guests: Sequence[Guest], world: World) -> list[Row]:
    """Ask for a page of very many assignments; the original has no pages of them, so it answers all."""
    ours, count = guests[0], len(world.assignments)
    user_id, project_id = world.assignments[count // 2]
    given = f"{user_id}:project:{project_id}:{ours.role_id}:0"
    shown = f"{given}:{project_id}:{user_id}:{ours.role_id}"
    found = []
    for kind, query, marker in (
        ("", "", given),
        (", include_names", "include_names&", given),
        (", effective", "effective&", shown),
    ):
        path = f"/v3/role_assignments?{query}"
        theirs = [_whole(each, path) for each in guests[1:]]
        for where, rest in (("", ""), (", from the middle", f"&marker={marker}")):
            limited = f"{path}limit={PAGE}{rest}"
            require_count(ours, limited, "role_assignments", PAGE)
            figure = latencies(guests[:1], in_turn(requests.page(limited)), 50)[0]
            what = f"{PAGE} of {count:,} assignments{kind}{where}: one client"
            original = theirs[0] if theirs and not where else None
            found.append(replace(at_most(what, figure, original, LIST_MS), has_ratio=False))
    return found


def _one_and_many(
    guests: Sequence[Guest],
    what: str,
    make: Make,
    rounds: int,
    seconds: float,
    *,
    ours_more: int = 1,
    has_aim: bool = True,
) -> list[Row]:
    one = latencies(guests, in_turn(make), rounds, ours_more=ours_more)
    many = [per_second(laps) for laps in rates(guests, in_turn(make), seconds, TURNS)]
    if not has_aim:
        return [
            Row(f"{what}: one client", *_pair(one)),
            Row(f"{what}: 16 clients", *_pair(many), is_more_better=True),
        ]
    return [
        times_better(f"{what}: one client", *_pair(one), TIMES),
        times_better(f"{what}: 16 clients", *_pair(many), TIMES, is_more_better=True),
    ]


def _whole(guest: Guest, path: str) -> Figure | str:
    """Return how long a list takes that has no pages, or that it failed or took too long."""
    try:
        return capped(guest.side, guest.request("GET", path), CAP_S)
    except Refused as error:
        if error.status not in FAULTS:
            raise
        return "fails"


def _limit(what: str, laps: Sequence[Load]) -> Row:
    """Say how many validations of ours the clients themselves could take, had they a processor of their own."""
    figure = Figure([lap.limit_per_second for lap in laps], "/s")
    return Row(f"validation, {what}: what the 16 clients could take in", figure)


def _both(first: Row, second: Row) -> Row:
    """Return a row that has two aims."""
    if not second.aim:
        return first
    return replace(first, aim=f"{first.aim} and {second.aim}", is_met=first.is_met and second.is_met)


def _hash_ms() -> Figure:
    hashed, laps = bcrypt.hashpw(b"somebody", bcrypt.gensalt(DEFAULT_ROUNDS)), []
    for _ in range(5):
        began = time.process_time()
        bcrypt.checkpw(b"somebody", hashed)
        laps.append((time.process_time() - began) * 1000)
    return Figure(laps, "ms")


def _pair(figures: Sequence[Figure]) -> tuple[Figure, Figure | None]:
    return figures[0], figures[1] if len(figures) > 1 else None
