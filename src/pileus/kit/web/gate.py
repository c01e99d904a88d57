"""The one gate: where Pileus may go when a caller names a URL.

`require` reads a URL and asks the lists, without any I/O, so that an API can refuse at once. `reach` asks for the
host's addresses as well, once, and hands them out with the URL: who fetches connects to these and never asks again, so
a name that answers differently the second time gains nothing. Each redirect passes the gate anew.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TypeVar

from pileus.kit import log
from pileus.kit.errors import Unavailable
from pileus.kit.web.address import Address, Network, find_objection, plain
from pileus.kit.web.url import DEFAULT_PORTS, Url, UrlRefused, canonical_host, parse

logger = log.get_logger("pileus.web")

_NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA)

T = TypeVar("T")

Resolve = Callable[[str], Sequence[str]]
"""Returns the addresses of a name. Raises OSError or UnicodeError if it has none."""


class HostUnknown(Unavailable):
    """A name has no address, as far as can be told now."""

    message = "The host {host} cannot be found."


class HostAbsent(HostUnknown):
    """There is no such name: to ask again is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """What may be reached. A list of what is disallowed counts if the list of what is allowed is empty.

    Networks are not so: addresses of the Internet may be reached, others if they are allowed, disallowed ones never.
    """

    allowed_schemes: frozenset[str] = frozenset(DEFAULT_PORTS)
    disallowed_schemes: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    disallowed_hosts: frozenset[str] = frozenset()
    allowed_ports: frozenset[int] = frozenset(DEFAULT_PORTS.values())
    disallowed_ports: frozenset[int] = frozenset()
    allowed_networks: tuple[Network, ...] = ()
    disallowed_networks: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that passed, and the addresses that were found good: the only ones to connect to."""

    url: Url
    addresses: tuple[Address, ...]


def system_addresses(host: str) -> Sequence[str]:
    """Ask the machine's own resolver."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Gate:
    """Lets URLs pass, or not. `ca_file` says whose certificates are good; empty: what the machine trusts."""

    def __init__(self, rules: GateRules, resolve: Resolve = system_addresses, *, ca_file: str = "") -> None:
        self._rules = rules
        self._resolve = resolve
        self.ca_file = ca_file

    def require(self, text: str) -> Url:
        """Read a URL that may be fetched as far as can be told without asking for addresses. Raises UrlRefused."""
        url = parse(text)
        self._require_listed(url)
        if url.address is not None:
            self._require_reachable(url, url.address)
        return url

    def reach(self, url: Url) -> Destination:
        """Return where a URL leads to. Raises UrlRefused, HostUnknown, HostAbsent."""
        self._require_listed(url)
        addresses = (url.address,) if url.address is not None else self._addresses(url.host)
        for address in addresses:  # one that is not good is enough: who answers so has no honest reason
            self._require_reachable(url, address)
        return Destination(url, addresses)

    def _addresses(self, host: str) -> tuple[Address, ...]:
        try:
            found = tuple(ip_address(text) for text in self._resolve(host))
        except UnicodeError:
            raise HostAbsent(host=host) from None
        except OSError as error:
            raise (HostAbsent if error.errno in _NO_SUCH_NAME else HostUnknown)(host=host) from None
        if not found:
            raise HostUnknown(host=host)
        return found

    def _require_listed(self, url: Url) -> None:
        rules = self._rules
        _require(f"the scheme {url.scheme}", url.scheme, rules.allowed_schemes, rules.disallowed_schemes)
        _require(f"the host {url.host}", url.host, rules.allowed_hosts, rules.disallowed_hosts)
        _require(f"the port {url.port}", url.port, rules.allowed_ports, rules.disallowed_ports)

    def _require_reachable(self, url: Url, address: Address) -> None:
        rules = self._rules
        if str(plain(address)) in rules.disallowed_hosts:
            raise UrlRefused(reason=f"the host {url.host} is not allowed.")
        objection = find_objection(address, rules.allowed_networks, rules.disallowed_networks)
        if objection is not None:
            # The caller is not told: else he could ask us about the names of our own network.
            logger.warning("a URL was refused", host=url.host, address=str(address), objection=objection)
            raise UrlRefused(reason=f"the host {url.host} is not one that may be reached from here.")


def _require(what: str, value: T, allowed: frozenset[T], disallowed: frozenset[T]) -> None:
    if value not in allowed if allowed else value in disallowed:
        raise UrlRefused(reason=f"{what} is not allowed.")


def within(url: Url) -> GateRules:
    """Return rules that let nothing pass but one origin, which the operator has named, wherever it is.

    Not even then a metadata service.
    """
    return GateRules(
        allowed_schemes=frozenset((url.scheme,)),
        allowed_hosts=frozenset((url.host,)),
        allowed_ports=frozenset((url.port,)),
        allowed_networks=networks(("0.0.0.0/0", "::/0")),
    )


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Read networks such as `10.0.0.0/8`. Raises ValueError."""
    return tuple(map(ip_network, texts))


def hosts(texts: Sequence[str]) -> frozenset[str]:
    """Read hosts, in any spelling. Raises UrlRefused."""
    return frozenset(map(canonical_host, texts))
