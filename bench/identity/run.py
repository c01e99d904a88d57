"""The order of things: one world on both sides, and the rows one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.alone import running
from bench.identity import rows, statements
from bench.identity.guest import Guest
from bench.identity.sides import PILEUS_PORT, Original, Pileus, Side
from bench.identity.world import World, new_world
from bench.part import Part, told
from bench.report import Row, say

USERS, PROJECTS, PROJECTS_OF_EACH = 10_000, 1_000, 10
SUBJECTS = 500  # users who log in

MEASURES: dict[str, Callable[[Sequence[Guest], World], list[Row]]] = {
    "validate": rows.validate,
    "rescope": rows.rescope,
    "application_credential": rows.application_credential,
    "password": rows.password,
    "catalog": rows.catalog,
    "users": rows.users,
    "assignments": rows.assignments,
}
LISTS = (
    ("users", "/v3/users?"),
    ("assignments", "/v3/role_assignments?"),
    ("assignments, include_names", "/v3/role_assignments?include_names&"),
    ("assignments, effective", "/v3/role_assignments?effective&"),
    ("assignments, effective, include_names", "/v3/role_assignments?effective&include_names&"),
)
INTRODUCTION = (
    "Pileus' identity beside Keystone 30.0.0: the same users and assignments, the same requests, in one run on one "
    "machine, to one side after the other. The original runs as in production, under uwsgi with 2 processes of 4 "
    "threads, on MariaDB, with memcached and Fernet tokens. Pileus is one process on its embedded SQLite, with Fernet "
    "tokens and its default settings. Where there is more than one sample, the number is the median, and behind it are "
    "the lowest and the highest, or the 95th percentile."
)
NOTES = (
    f"{USERS:,} users have a role on {PROJECTS_OF_EACH} of {PROJECTS:,} projects each; they came into both databases "
    f"by SQL, from one seed. {SUBJECTS:,} of them have logged in, with a password whose hash is cheap; the rows about "
    "passwords are of one whose hash costs what it does by default. The catalog has 5 services with 3 endpoints each. "
    "What tokens stand for is compared first: if the sides differ, there is no table. The administrator's token asks, "
    "and a validation shows the catalog. The first validation is of a token that nobody has asked about, so neither "
    "memcached nor Pileus' own memory has it; in the other rows each token was validated before.\n\n"
    "An application credential's secret is made by each side. The original hashes it like a password; Pileus hashes "
    "what it made itself, of 512 random bits, with SHA-256, and only what somebody chose with bcrypt. Passwords cost "
    "both sides the same hash, of which two processors do so many a second and not more.\n\n"
    "The original pages users, but not assignments: without a filter it answers all of them, for which it had "
    f"{rows.CAP_S} seconds. It `fails` where what it would answer is more than memcached takes in one piece (1 MB), "
    "which it takes for a fault.\n\n"
    "16 clients are one process on bare sockets, each with one request after the other until the time is over, and the "
    "clock stops at the last answer. What they could take in is how many answers they had for each second of their own "
    "processor time: they are not what limits either side. The original closes the connection after each answer "
    "(uwsgi's `http-socket`): with connections kept open (`http11-socket`) eight clients take its eight threads and "
    "the other eight wait. SQL statements are counted in Pileus alone, without BEGIN, ROLLBACK and the glance "
    "at whether anything was written since, with which every look at a token begins."
    "\n\n"
    "Where the time goes. One client goes ten times to one side, then ten times to the other. A token from a token, "
    "a validation and a catalog are answered on the event loop, from rows that are kept until the next write of "
    "anybody; 0.35 to 0.42 ms of processor time for a token from a token, 0.3 to 0.36 for a validation. Half of "
    "that is the HTTP server's and the kernel's (an empty answer of the same server takes 0.1 ms from client to "
    "client), a fifth the log's line, and a tenth the glance at the database."
)


def _measure(folder: Path, offset: int, names: Sequence[str], has_originals: bool) -> list[Row]:
    found: list[Row] = []
    world = new_world(USERS, PROJECTS, PROJECTS_OF_EACH)
    ours = Pileus(folder / "pileus", PILEUS_PORT + offset)
    sides: list[Side] = [ours]
    if has_originals:
        sides.append(Original(folder / "original", offset))
    with contextlib.ExitStack() as stack:
        say(f"writing {USERS:,} users and {len(world.assignments):,} assignments into the databases")
        for side in sides:
            stack.enter_context(running(side, world))
        guests = [Guest(side) for side in sides]
        say(f"logging {SUBJECTS:,} users in")
        for guest in guests:
            guest.log_in(world.users[:SUBJECTS])
        for name, measure in MEASURES.items():
            if name in names:
                say(name)
                found += told(measure(guests, world))
        if "statements" in names:
            say("statements")
            found += told(statements.rows(ours.url, folder / "statements", LISTS))
    return found


PART = Part(
    name="identity",
    original="keystone",
    rows=(*MEASURES, "statements"),
    measure=_measure,
    introduction=INTRODUCTION,
    notes=NOTES,
)
