from __future__ import annotations

import pytest

from pileus.compute.api.name_filter import NameFilterInvalid, as_like, pattern_of
from pileus.compute.db import server as servers
from pileus.compute.db.server_list import ServerQuery, list_page
from pileus.kit.db import Database
from tests.compute.cloud import Cloud, message_of
from tests.compute.db.test_server import NOW, new_server

NAMES = ("web-1", "web-2", "my web", "100%", "a_b", "a!b", "aXb", "cost$", "back\\slash", "a.b")


@pytest.fixture
def database(database: Database) -> Database:
    """One with servers of these names."""
    for name in NAMES:
        database.write(servers.add, new_server(name=name, created_at=NOW))
    return database


@pytest.mark.parametrize(
    ("pattern", "like"),
    [
        ("web", "%web%"), ("", "%%"), ("^web", "web%"), ("1$", "%1"), ("^web-1$", "web-1"), ("^", "%"), ("$", "%"),
        ("a.b", "%a_b%"), ("^a.*b$", "a%b"), ("100%", "%100!%%"), ("a_b", "%a!_b%"), ("a!b", "%a!!b%"),
        (r"a\.b", "%a.b%"), (r"web\-1", "%web-1%"), (r"cost\$", "%cost$%"), (r"cost\$$", "%cost$"), (r"\\$", "%\\"),
    ],
)  # fmt: skip
def test_a_filter_becomes_the_like_pattern_that_means_the_same(pattern: str, like: str) -> None:
    assert as_like(pattern) == like


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "*", ".**", "a^", "a$b", "a\\", "(?i)a", "[z-a]", "[", r"\1", "a{999}", "a**", "(a|b)"]
)
def test_groups_and_what_makes_no_sense_are_refused(pattern: str) -> None:
    with pytest.raises(NameFilterInvalid, match="filter name"):
        pattern_of("name", pattern)


def test_a_pattern_is_matched_in_one_pass_whatever_it_is() -> None:
    matches = pattern_of("name", "[a-z]*" * 60 + "[0-9]$").matches
    assert matches is not None
    assert not matches("a" * 255)
    assert matches("a" * 254 + "1")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("web", {"web-1", "web-2", "my web"}), ("^WEB", {"web-1", "web-2"}), ("web.1$", {"web-1"}),
        ("%", {"100%"}), ("a_b", {"a_b"}), ("a!b", {"a!b"}), (r"^a\.b$", {"a.b"}),
        ("^a.b$", {"a_b", "a!b", "aXb", "a.b"}),
        (r"\$", {"cost$"}), (r"\\", {"back\\slash"}), ("^w.*2$", {"web-2"}), ("", set(NAMES)),
        (r"^.*\-[0-9]+$", {"web-1", "web-2"}), ("^WEB-[12]$", {"web-1", "web-2"}), ("my|cost", {"my web", "cost$"}),
        ("^a[^.]b$", {"a_b", "a!b", "aXb"}),
        ("10{2}%", {"100%"}), (r"^my\s?web", {"my web"}), (r"\d$", {"web-1", "web-2"}),
    ],
)  # fmt: skip
def test_every_database_finds_the_same_names(database: Database, pattern: str, found: set[str]) -> None:
    with database.read() as tx:
        page = list_page(tx, ServerQuery(patterns={"name": pattern_of("name", pattern)}))
    assert {server.name for server in page} == found


def test_a_refused_filter_is_a_bad_request_that_names_it(cloud: Cloud) -> None:
    reply = cloud.ask("GET", "/servers?name=(a%2B)%2B%24")
    assert reply.status == 400
    assert message_of(reply).startswith("Invalid filter name '(a+)+$': ")
