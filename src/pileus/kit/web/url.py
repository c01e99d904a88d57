"""A URL that somebody wants us to fetch, read in one way only.

Programs differ in how they read a URL; whoever checks one reading and connects by another has checked nothing. So what
can be read in two ways is refused, and a host is brought to the one form that is both checked and connected to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urljoin, urlsplit

from pileus.kit.errors import Invalid

DEFAULT_PORTS = {"http": 80, "https": 443}
LENGTH = 8000  # characters, which is what most servers take
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
_LABEL_LENGTH = 63
_NUMBER = re.compile(r"0x[0-9a-f]*|0[0-7]*|[1-9][0-9]*")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
_PORT = re.compile(r"[0-9]{1,5}")
_AS_THEY_ARE = "!#$%&'()*+,/:;=?@[]~"  # of a path and query, what `quote` leaves alone

Address = IPv4Address | IPv6Address


class UrlRefused(Invalid):
    """We do not fetch from this URL."""

    message = "The URL does not pass filtering: {reason}"  # clients look for these words


@dataclass(frozen=True, slots=True)
class Url:
    """Where bytes are to be had. `host` is a lower-case name without a dot at the end, or a plain address."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, as a request line has them

    @property
    def address(self) -> Address | None:
        """The host, if it is an address and no name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """Host and port, as a `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Everything before the path; what may be said of a URL, as a secret may be in the rest."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target

    def join(self, location: str) -> Url:
        """Return where a redirect from here leads. Raises UrlRefused."""
        _require_plain(location)
        return parse(urljoin(str(self), location))


def parse(text: str) -> Url:
    """Read a URL. Raises UrlRefused, which never repeats more of it than its scheme or host."""
    _require_plain(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _refused("it makes no sense.") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _refused(f"its scheme is '{parts.scheme[:20]}', and can only be http or https.")
    if "@" in parts.netloc:
        raise _refused("it names a user; what needs a password cannot be fetched.")
    host, port = _split(parts.netloc)
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), _AS_THEY_ARE)
    return Url(parts.scheme, canonical_host(host), _port(port, parts.scheme), target)


def canonical_host(text: str) -> str:
    """Return the one form of a host that we check and connect to. Raises UrlRefused.

    Numbers are read as browsers and the C library do: `2130706433`, `0x7f.1` and `0177.0.0.1` are all `127.0.0.1`.
    """
    if text.startswith("["):
        return _ipv6(text)
    name = _ascii(text).removesuffix(".")
    if _ENDS_IN_NUMBER.fullmatch(name):
        return str(_ipv4(name))
    if not _NAME.fullmatch(name) or max(map(len, name.split("."))) > _LABEL_LENGTH:
        raise _refused("its host is no name and no address.")
    return name


def _refused(reason: str) -> UrlRefused:
    return UrlRefused(reason=reason)


def _require_plain(text: str) -> None:
    if len(text) > LENGTH:
        raise _refused(f"it has more than {LENGTH} characters.")
    if _UNSAFE.search(text):
        raise _refused("it has a space, a backslash or a control character in it.")


def _split(netloc: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(.*))?", netloc)
    if match is None or not match[1]:
        raise _refused("it names no host.")
    return match[1], match[2] or ""


def _port(text: str, scheme: str) -> int:
    if not text:
        return DEFAULT_PORTS[scheme]
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise _refused("its port is none.")
    return int(text)


def _ascii(text: str) -> str:
    """Return a name as the network knows it: `bücher.example` is `xn--bcher-kva.example`; wide digits are digits."""
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _refused("its host is no name and no address.") from None


def _ipv4(name: str) -> IPv4Address:
    """Read up to four numbers, of which the last fills what the others leave of the address."""
    texts = name.split(".")
    if len(texts) > 4 or not all(_NUMBER.fullmatch(text) for text in texts):
        raise _refused("its host looks like an address and is none.")
    *firsts, last = map(_number, texts)
    if any(first > 255 for first in firsts) or last >= 256 ** (4 - len(firsts)):
        raise _refused("its host looks like an address and is none.")
    for place, first in enumerate(firsts):
        last += first << 8 * (3 - place)
    return IPv4Address(last)


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


def _ipv6(text: str) -> str:
    if "%" in text:  # a zone is the name of one of our own network cards
        raise _refused("its host is no name and no address.")
    try:
        address = IPv6Address(text[1:-1])
    except AddressValueError:
        raise _refused("its host looks like an address and is none.") from None
    return str(address.ipv4_mapped or address)
