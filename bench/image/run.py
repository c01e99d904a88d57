"""The order of things: one world on both sides, and the rows one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from bench.alone import running
from bench.client import Refused
from bench.image import rows, transfers
from bench.image.bare import Bare
from bench.image.sides import BARE_PORT, PILEUS_PORT, Identity, Original, People, Pileus
from bench.image.transfers import GIB_IN_MIB, MANY, Bytes, free_gib
from bench.image.world import new_world
from bench.measure import Reachable
from bench.part import Part, told
from bench.report import Row, say
from bench.transfer import Content

IMAGES = 100_000
ROWS = ("upload", "download", "memory", "list", "show")
INTRODUCTION = (
    "Pileus' image service beside Glance 33.0.0: the same images, the same requests, in one run on one machine, to one "
    "side after the other. The original runs as in production, under uwsgi with 2 processes of 4 threads, on MariaDB, "
    "with memcached. Pileus is one process on its embedded SQLite, with its default settings. Both ask the same "
    "Keystone about tokens, and keep what it says for as long as they do by default. Where there is more than one "
    "sample, the number is the median, and behind it are the lowest and the highest, or the 95th percentile."
)
NOTES = (
    "One client sends and fetches 1 GiB: a megabyte of random bytes, a megabyte of zeros, and so on, in a raw image, "
    "from memory and on the same machine, so that it shares the two processors. MB are 10⁶ bytes. Chunked is how the "
    "image client sends, in pieces of 64 KiB. The bare receiver takes the bytes from the socket into memory that it "
    "uses again and again; one thread makes the MD5, one the SHA-512 and one writes, and it answers after an fsync, "
    "as Pileus does; Glance leaves the bytes to the page cache. Pileus forgets what the disk has while the rest comes "
    "in: on a virtual machine whose host takes idle memory back, fresh pages of the page cache are dear. Two hashes of "
    "1 GiB are some 2.9 s of a processor, and two processors can be no faster than half of that. The bare server sends "
    "by sendfile what the page cache has.\n\n"
    f"{IMAGES:,} images of 300 projects came into both databases by SQL, from one seed, with three properties, a tag "
    "and a place each. A member sees some 1,200 of them: a hundredth is his project's, and two in a thousand are "
    "public. Lists and images are compared before they are timed: if the sides differ, there is no table. 16 clients "
    "are one process on bare sockets, each with one request after the other until the time is over, and the clock "
    "stops at the last answer. The original closes the connection after each answer (uwsgi's `http-socket`).\n\n"
    "Pileus keeps what it read of single images in memory for as long as nobody commits anything to the database, "
    "and asks that at every request (SQLite's `data_version`): an image that is shown again needs no thread and no "
    "other query. A list is read anew each time, by two statements, or three where what conditions leave is counted "
    "first.\n\n"
    "What is not reached. Four uploads at once are bound by the two hashes of both processors, which also serve the "
    "clients: faster than the bare receiver, and 1.3 times the original. A member's page is 6 to 10 times the "
    "original's, which has only the 1,200 images that he sees to sort; of 5.7 ms of processor time in one profile two "
    "statements take 1.6, making 100 images 0.8, asking the policy about each 0.6, and writing them 0.5."
)


def _measure(folder: Path, offset: int, names: Sequence[str], has_originals: bool) -> list[Row]:
    with contextlib.ExitStack() as stack:
        say("starting")
        identity = Original(folder / "original", offset) if has_originals else Identity(folder / "identity", offset)
        stack.callback(identity.stop)
        identity.start()
        people = People(int(identity.auth_url.rpartition(":")[2].partition("/")[0]))
        people.arrive()
        say(f"writing {IMAGES:,} images into the databases")
        world = new_world(IMAGES, people.project_id)
        if isinstance(identity, Original):
            identity.load(world)
        ours = Pileus(folder / "pileus", PILEUS_PORT + offset, identity.auth_url, identity.service_password)
        stack.enter_context(running(ours, world))
        sides: list[Reachable] = [ours, identity] if has_originals else [ours]
        found = _transfers(stack, folder, offset, names, people, ours, sides)
        for name, measure in (("list", rows.lists), ("show", rows.show)):
            if name in names:
                say(name)
                found += told(measure(sides, people, world))
        return found


def _transfers(
    stack: contextlib.ExitStack,
    folder: Path,
    offset: int,
    names: Sequence[str],
    people: People,
    ours: Pileus,
    sides: Sequence[Reachable],
) -> list[Row]:
    found: list[Row] = []
    if not {"upload", "download", "memory"} & set(names):
        return found
    if free_gib(folder) < MANY + 8:
        raise Refused(0, f"{folder} has too little room: {free_gib(folder):.0f} GiB")
    bare = stack.enter_context(Bare(folder / "bare", BARE_PORT + offset))
    sent = Bytes(Content(GIB_IN_MIB), people.admin, bare)
    if "upload" in names:
        say("upload")
        found += told(transfers.upload(sides, sent))
    if "download" in names:
        say("download")
        found += told(transfers.download(sides, sent))
    if "memory" in names:
        say(f"{MANY} uploads at once")
        found += told(transfers.memory(ours.pids, ours, sent))
    return found


PART = Part(
    name="image",
    original="glance",
    rows=ROWS,
    measure=_measure,
    introduction=INTRODUCTION,
    notes=NOTES,
)
