from __future__ import annotations

import time

import pytest

from pileus.kit.access_rule import LONGEST_PATH, AccessRule, is_allowed


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers", "/v2.1/servers/x", False),
        ("/v2.1/servers", "/v2x1/servers", False),
        ("/v2.1/servers/*", "/v2.1/servers/x", True),
        ("/v2.1/servers/*", "/v2.1/servers/", False),
        ("/v2.1/servers/*", "/v2.1/servers/x/ips", False),
        ("/v2.1/servers/{id}/ips", "/v2.1/servers/x/ips", True),
        ("/v2.1/servers/{id}/ips", "/v2.1/servers/x/y/ips", False),
        ("/v2.1/**", "/v2.1/servers/x/ips", True),
        ("/v2.1/**/ips", "/v2.1/servers/x/ips", True),
        ("/v2.1/**", "/v3/servers", False),
        ("/a b", "/a%20b", True),
        ("/v2.1/**", "/v2.1/a%2Fb", False),
        ("/v2.1/*", "/v2.1/a\nb", True),
        ("/(.*)", "/x", False),
        ("/{", "/{", True),
    ],
)
def test_a_path_is_matched_segment_by_segment(pattern: str, path: str, expected: bool) -> None:
    assert is_allowed([AccessRule("compute", "GET", pattern)], "compute", "GET", path) is expected


def test_service_and_method_must_be_those_of_one_rule() -> None:
    rules = [AccessRule("compute", "GET", "/a"), AccessRule("image", "POST", "/a")]
    assert is_allowed(rules, "image", "POST", "/a")
    assert not is_allowed(rules, "compute", "POST", "/a")
    assert not is_allowed(rules, "image", "GET", "/a")
    assert not is_allowed([], "compute", "GET", "/a")


def test_no_pattern_takes_long_whatever_the_path() -> None:
    rules = [AccessRule("compute", "GET", "/" + "**a" * 60 + "b")]
    started = time.process_time()
    assert not is_allowed(rules, "compute", "GET", "/" + "a" * (LONGEST_PATH - 1))
    assert time.process_time() - started < 2
    assert not is_allowed([AccessRule("compute", "GET", "/**")], "compute", "GET", "/" + "a" * LONGEST_PATH)
