from __future__ import annotations

import sys

import pytest

from pileus.identity.model.login_errors import TooManyAttempts
from pileus.identity.tokens.attempts import Attempts
from tests.identity.world import HandClock


def test_a_network_of_ipv6_is_one_address() -> None:
    attempts = Attempts(HandClock(), of_user=0, of_address=3)
    for number in range(3):
        attempts.fail("u", f"2001:db8:0:1::{number}")
    with pytest.raises(TooManyAttempts):
        attempts.require("other", "2001:db8:0:1:ffff::1")
    attempts.require("other", "2001:db8:0:2::1")


@pytest.mark.parametrize(("first", "second"), [("192.0.2.1", "192.0.2.2"), ("::ffff:192.0.2.1", "::ffff:192.0.2.2")])
def test_an_address_of_ipv4_is_one_whichever_way_it_is_written(first: str, second: str) -> None:
    attempts = Attempts(HandClock(), of_user=0, of_address=1)
    attempts.fail("u", first)
    attempts.require("u", second)
    for same in (first, first.removeprefix("::ffff:"), "::ffff:192.0.2.1"):
        with pytest.raises(TooManyAttempts):
            attempts.require("u", same)


def test_a_name_as_long_as_a_request_is_not_kept() -> None:
    attempts = Attempts(HandClock(), of_user=5, of_address=5)
    attempts.fail("x" * 1_000_000, "local")
    assert sum(sys.getsizeof(key) for key in attempts._failures) < 200
    attempts.fail("\udc80", "local")


def test_failures_are_forgotten_after_a_minute() -> None:
    clock = HandClock()
    attempts = Attempts(clock, of_user=1, of_address=0)
    attempts.fail("u", "local")
    with pytest.raises(TooManyAttempts) as refused:
        attempts.require("u", "local")
    assert refused.value.details["retry_after_s"] == 60
    clock.sleep(60)
    attempts.require("u", "local")
