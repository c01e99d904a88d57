"""The rows about lists and single images: what is asked, how often, and what the aim is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench import wire
from bench.image.sides import People
from bench.image.world import World
from bench.measure import Reachable, latencies, per_second, rates
from bench.report import Figure, Row, at_most, times_better

TIMES, LIST_MS, PAGE = 10, 10, 100
SHOWN = 500  # images that are shown one after the other
ROUNDS, SECONDS, TURNS = 200, 3.0, 2
LIST_ROUNDS, SLOW_SECONDS = 6, 8.0


class Different(Exception):
    """The sides do not answer the same."""


@dataclass(frozen=True, slots=True)
class Page:
    """A list that is asked for."""

    what: str
    query: str = ""
    is_admins: bool = False
    has_many_clients: bool = False


def pages(world: World) -> list[Page]:
    """Return the lists, each of which has a page of 100."""
    shown = world.shown()
    middle, of_all = shown[len(shown) // 2].id, world.images[len(world.images) // 2].id
    return [
        Page("an administrator's", is_admins=True, has_many_clients=True),
        Page("an administrator's, from the middle", f"&marker={of_all}", is_admins=True),
        Page("an administrator's, by name", "&sort=name:asc", is_admins=True),
        Page("a member's", has_many_clients=True),
        Page("a member's, from the middle", f"&marker={middle}"),
        Page("a member's, by name", "&sort=name:asc"),
        Page("a member's, by size", "&sort=size:desc"),
        Page("a member's active ones", "&status=active"),
        Page("a member's public ones", "&visibility=public"),
        Page("a member's with a tag", "&tag=lts"),
    ]


def lists(sides: Sequence[Reachable], people: People, world: World) -> list[Row]:
    """Ask for pages of 100 of very many images."""
    found = []
    for page in pages(world):
        asked = _asked(f"/v2/images?limit={PAGE}{page.query}", people.admin if page.is_admins else people.member)
        _require_same_page(sides, asked)
        one = latencies(sides, _repeated(asked), LIST_ROUNDS, ours_more=10)
        what = f"{PAGE} of {len(world.images):,} images, {page.what}"
        found.append(_both(at_most(f"{what}: one client", *_pair(one), LIST_MS), TIMES))
        if page.has_many_clients:
            many = [per_second(laps) for laps in rates(sides, _repeated(asked), SLOW_SECONDS, 1)]
            found.append(times_better(f"{what}: 16 clients", *_pair(many), TIMES, is_more_better=True))
    return found


def show(sides: Sequence[Reachable], people: People, world: World) -> list[Row]:
    """Show one image after the other, and one again and again."""
    shown = world.shown()[:SHOWN]
    found = []
    for what, images in ((f"{SHOWN} images", shown), ("one image", shown[:1])):
        asked = [_asked(f"/v2/images/{each.id}", people.member) for each in images]
        _require_same_image(sides, asked[0])
        one = latencies(sides, lambda _side: itertools.cycle(asked), ROUNDS)  # noqa: B023 (used at once)
        many = [per_second(laps) for laps in rates(sides, lambda _side: itertools.cycle(asked), SECONDS, TURNS)]  # noqa: B023
        found.append(times_better(f"show, {what}: one client", *_pair(one), TIMES))
        found.append(times_better(f"show, {what}: 16 clients", *_pair(many), TIMES, is_more_better=True))
    return found


def _asked(path: str, token: str) -> bytes:
    return wire.request("GET", path, {"X-Auth-Token": token})


def _repeated(asked: bytes) -> Callable[[Reachable], Iterator[bytes]]:
    return lambda _side: itertools.repeat(asked)


def _require_same_page(sides: Sequence[Reachable], asked: bytes) -> None:
    found = [[each["id"] for each in json.loads(wire.ask(side.port, asked).body)["images"]] for side in sides]
    if any(len(each) != PAGE or each != found[0] for each in found):
        raise Different(f"{asked.decode().split()[1]}: the sides list other images")


def _require_same_image(sides: Sequence[Reachable], asked: bytes) -> None:
    """Compare an image; each side has a name of its own for its store."""
    found = [json.loads(wire.ask(side.port, asked).body) for side in sides]
    if any({**each, "stores": ""} != {**found[0], "stores": ""} for each in found):
        raise Different(f"the sides show an image differently: {found}")


def _both(row: Row, times: float) -> Row:
    """Give a row that has an aim the other one too, where there is something to compare."""
    if row.better is None:
        return row
    return replace(row, aim=f"{row.aim} and {times:g} times", is_met=row.is_met and row.better >= times)


def _pair(figures: Sequence[Figure]) -> tuple[Figure, Figure | None]:
    return figures[0], figures[1] if len(figures) > 1 else None
