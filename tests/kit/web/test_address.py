"""Which addresses may be reached."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pileus.kit.web.address import METADATA, find_objection
from pileus.kit.web.gate import networks

SURROUNDINGS = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.1.1 172.16.0.1 172.31.255.255
    192.0.0.8 192.0.2.1 192.88.99.1 192.168.255.255 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1
    255.255.255.255 :: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1
    100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1
    fd12::1 fe80::1 fec0::1 ff02::1
"""
INTERNET = "1.1.1.1 8.8.8.8 100.63.255.255 172.32.0.1 192.167.1.1 2606:4700::1111 64:ff9b::808:808"


@pytest.mark.parametrize("text", [*SURROUNDINGS.split(), *sorted(map(str, METADATA))])
def test_our_own_surroundings_are_not_reached(text: str) -> None:
    assert find_objection(ip_address(text)) is not None


@pytest.mark.parametrize("text", INTERNET.split())
def test_the_internet_is_reached(text: str) -> None:
    assert find_objection(ip_address(text)) is None


@settings(deadline=None)
@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_what_python_takes_for_private_is_not_reached(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert find_objection(address) is not None


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_address_within_an_ipv6_address_is_judged_alike(address: IPv4Address) -> None:
    objection = find_objection(address)
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert find_objection(IPv6Address(int(IPv6Address(prefix)) + int(address))) == objection


def test_an_allowed_network_is_reached_and_a_disallowed_one_never() -> None:
    own, but = networks(("10.0.0.0/8", "fd00::/8")), networks(("10.9.0.0/16", "8.8.8.0/24"))
    for text in ("10.1.1.1", "::ffff:10.1.1.1", "fd00::1"):
        assert find_objection(ip_address(text), own, but) is None
    for text in ("10.9.1.1", "8.8.8.8", "192.168.1.1", "64:ff9b::808:808"):
        assert find_objection(ip_address(text), own, but) is not None


def test_a_metadata_service_in_an_allowed_network_is_not_reached_unless_it_is_all_of_it() -> None:
    everything = networks(("0.0.0.0/0", "::/0"))
    for address in METADATA:
        assert find_objection(address, everything) == "metadata"
        assert find_objection(address, networks((str(address),))) is None
