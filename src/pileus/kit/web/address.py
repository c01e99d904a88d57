"""Which addresses are of the Internet, and which of our own surroundings.

The table is our own, so that a newer or older Python does not change what may be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Where clouds tell a guest its secrets. Some lie in the middle of networks that an operator may well allow.
METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
        ),
    )
)

_NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), kind)
    for text, kind in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a tunnel"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "this host"),
        ("::1/128", "loopback"),
        ("2001::/32", "a tunnel"),  # Teredo
        ("2001::/23", "for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "a tunnel"),  # 6to4
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_IPV6_INTERNET = IPv6Network("2000::/3")  # nothing else of it has been given out
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFFFFFF


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself.

    The kernel takes `::ffff:a.b.c.d` for IPv4, and a translator (NAT64) what has its prefix.
    """
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & _LAST_32_BITS)
        return address.ipv4_mapped or address
    return address


def find_objection(address: Address, allowed: Sequence[Network] = (), disallowed: Sequence[Network] = ()) -> str | None:
    """Return why an address must not be reached, or None. An allowed network need not be of the Internet.

    A metadata service is allowed only by a network that is nothing else.
    """
    meant = plain(address)
    if _is_in(meant, disallowed) or _is_in(address, disallowed):
        return "disallowed"
    if meant in METADATA:
        return None if any(meant in network and network.num_addresses == 1 for network in allowed) else "metadata"
    if _is_in(meant, allowed):
        return None
    for network, kind in _NOT_PUBLIC:
        if meant in network:
            return kind
    if isinstance(meant, IPv6Address) and meant not in _IPV6_INTERNET:
        return "reserved"
    return None


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
