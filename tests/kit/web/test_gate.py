"""The gate: its lists, and what a name turns out to be."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from pileus.kit.web.address import find_objection
from pileus.kit.web.gate import Gate, GateRules, HostAbsent, HostUnknown, hosts, networks, system_addresses, within
from pileus.kit.web.url import UrlRefused, parse
from tests.kit.web.site import no_names
from tests.kit.web.test_url import spelled

if TYPE_CHECKING:
    from ipaddress import IPv4Address
    from pathlib import Path

GOOD, OTHER = "93.184.216.34", "2606:2800:220:1::1"


@settings(deadline=None)
@given(spelled())
def test_no_spelling_of_an_address_passes_that_must_not_be_reached(case: tuple[IPv4Address, str]) -> None:
    address, text = case
    gate = Gate(GateRules(), no_names)
    if find_objection(address) is None:
        assert gate.reach(gate.require(f"http://{text}/")).addresses == (address,)
    else:
        with pytest.raises(UrlRefused):
            gate.require(f"http://{text}/")


def test_a_name_is_asked_for_once_and_its_addresses_are_handed_out() -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return [OTHER, GOOD]

    gate = Gate(GateRules(), resolve)
    destination = gate.reach(gate.require("http://Mirror.Example./x"))
    assert ([*map(str, destination.addresses)], asked) == ([OTHER, GOOD], ["mirror.example"])


@pytest.mark.parametrize("bad", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"])
def test_one_bad_address_of_a_name_is_enough(bad: str, log_file: Path) -> None:
    gate = Gate(GateRules(), lambda _: [GOOD, bad])
    with pytest.raises(UrlRefused) as refusal:
        gate.reach(gate.require("http://mirror.example/?secret"))
    assert refusal.value.reason == (
        "The URL does not pass filtering: the host mirror.example is not one that may be reached from here."
    ), "a caller does not learn what our own names mean"
    logged = log_file.read_text()
    assert "mirror.example" in logged
    assert "secret" not in logged


@pytest.mark.parametrize(
    ("failure", "is_final"),
    [
        (OSError(), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), False),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True),
        (socket.gaierror(socket.EAI_NODATA, "No address associated with hostname"), True),
        (UnicodeError(), True),
        (None, False),
    ],
)
def test_a_name_without_an_address_is_unknown(failure: Exception | None, is_final: bool) -> None:
    def resolve(_: str) -> list[str]:
        if failure is not None:
            raise failure
        return []

    gate = Gate(GateRules(), resolve)
    with pytest.raises(HostUnknown) as refusal:
        gate.reach(gate.require("http://mirror.example/"))
    assert isinstance(refusal.value, HostAbsent) is is_final


@pytest.mark.parametrize(
    ("rules", "passing", "refused"),
    [
        (GateRules(), "https://a.example/", "https://a.example:22/"),
        (GateRules(allowed_schemes=frozenset({"https"})), "https://a.example/", "http://a.example/"),
        (
            GateRules(allowed_schemes=frozenset(), disallowed_schemes=frozenset({"http"})),
            "https://a.example/",
            "http://a.example/",
        ),
        (GateRules(allowed_hosts=hosts(["a.Example."])), "http://A.example/", "http://b.a.example/"),
        (GateRules(disallowed_hosts=hosts(["0x08080808"])), "http://a.example/", "http://134744072/"),
        (
            GateRules(allowed_hosts=hosts(["a.example"]), disallowed_hosts=hosts(["a.example"])),
            "http://a.example/",
            "http://b.example/",
        ),
        (GateRules(allowed_ports=frozenset({8080})), "http://a.example:8080/", "http://a.example/"),
        (
            GateRules(allowed_ports=frozenset(), disallowed_ports=frozenset({22})),
            "http://a.example:9999/",
            "http://a.example:22/",
        ),
        (GateRules(disallowed_networks=networks(["8.8.8.0/24"])), "http://8.8.4.4/", "http://8.8.8.8/"),
        (GateRules(allowed_networks=networks(["10.0.0.0/8"])), "http://10.1.1.1/", "http://192.168.1.1/"),
    ],
)
def test_the_lists_are_asked_before_any_address(rules: GateRules, passing: str, refused: str) -> None:
    gate = Gate(rules, no_names)
    assert gate.require(passing) == parse(passing)
    with pytest.raises(UrlRefused):
        gate.require(refused)


def test_an_allowed_host_is_no_way_into_our_network() -> None:
    gate = Gate(GateRules(allowed_hosts=hosts(["mirror.example"])), lambda _: ["127.0.0.1"])
    with pytest.raises(UrlRefused):
        gate.reach(gate.require("http://mirror.example/"))


def test_a_name_of_a_disallowed_address_is_refused() -> None:
    gate = Gate(GateRules(disallowed_hosts=hosts(["93.184.216.34"])), lambda _: [GOOD])
    with pytest.raises(UrlRefused):
        gate.reach(gate.require("http://mirror.example/"))


def test_an_origin_of_the_operators_own_may_be_anywhere_and_nothing_else_passes() -> None:
    gate = Gate(within(parse("http://glance.internal:9292/image")), lambda _: ["10.0.0.7"])
    assert gate.reach(gate.require("http://glance.internal:9292/v2/images")).addresses
    for other in ("https://glance.internal:9292/", "http://glance.internal/", "http://10.0.0.7:9292/"):
        with pytest.raises(UrlRefused):
            gate.require(other)
    moved = Gate(within(parse("http://glance.internal:9292/")), lambda _: ["169.254.169.254"])
    with pytest.raises(UrlRefused):
        moved.reach(moved.require("http://glance.internal:9292/"))


def test_the_machine_knows_itself() -> None:
    assert set(system_addresses("localhost")) <= {"127.0.0.1", "::1"}
