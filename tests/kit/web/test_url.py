"""A URL has one reading, whatever its spelling."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pileus.kit.web.url import UrlRefused, parse

ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address)
WIDE = str.maketrans("0123456789.", "".join(map(chr, range(0xFF10, 0xFF1A))) + "\u3002")


@st.composite
def spelled(draw: st.DrawFn) -> tuple[IPv4Address, str]:
    """An IPv4 address, and one of the many ways to write it."""
    address = draw(ADDRESSES)
    count = draw(st.integers(1, 4))
    octets = list(address.packed)
    numbers = [*octets[: count - 1], int.from_bytes(octets[count - 1 :], "big")]
    forms = [draw(st.sampled_from(("{}", "0{:o}", "000{:o}", "0x{:x}", "0X{:X}", "0x0{:x}"))) for _ in numbers]
    text = ".".join(form.format(number) for form, number in zip(forms, numbers, strict=True))
    if draw(st.booleans()):
        text = text.translate(WIDE)
    return address, text + draw(st.sampled_from(("", ".")))


@settings(deadline=None)
@given(spelled())
def test_an_address_is_the_same_in_every_spelling(case: tuple[IPv4Address, str]) -> None:
    address, text = case
    assert parse(f"http://{text}/x").host == str(address)


@settings(deadline=None)
@given(ADDRESSES)
def test_an_address_in_ipv6s_clothes_is_the_same(address: IPv4Address) -> None:
    high, low = divmod(int(address), 2**16)
    for text in (f"::ffff:{address}", f"::FFFF:{high:x}:{low:x}", f"0:0:0:0:0:ffff:{high:04x}:{low:04x}"):
        assert parse(f"https://[{text}]:8443/").host == str(address)


@settings(deadline=None)
@given(st.text(alphabet="0123456789abcdefxX.-_%:[]@/\\?#\uff11\u3002\u00e9 \t", max_size=24))
def test_what_is_read_has_no_second_reading(text: str) -> None:
    try:
        url = parse(f"http://{text}")
    except UrlRefused:
        return
    assert parse(str(url)) == url
    assert "@" not in url.authority
    assert url.target.isascii()
    if ":" in url.host:
        assert str(IPv6Address(url.host)) == url.host
        return
    try:
        meant = socket.inet_ntoa(socket.inet_aton(url.host))  # as the C library would take it
    except OSError:
        return
    assert url.host == meant


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("HTTP://Example.COM", "http://example.com", "/"),
        ("https://example.com.:443/a?b=c#d", "https://example.com", "/a?b=c"),
        ("http://example.com:8080?q", "http://example.com:8080", "/?q"),
        ("http://b\u00fccher.example/\u00fc%20", "http://xn--bcher-kva.example", "/%C3%BC%20"),
        ("http://[2001:DB8::0:1]/", "http://[2001:db8::1]", "/"),
        ("http://localhost:/", "http://localhost", "/"),
        ("http://a_b.example/x/../y", "http://a_b.example", "/x/../y"),
    ],
)
def test_a_url_is_brought_to_one_form(text: str, origin: str, target: str) -> None:
    url = parse(text)
    assert (url.origin, url.target) == (origin, target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "http:example.com",
        "http:///x",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://good.example@127.0.0.1/",
        "http://good.example\\@127.0.0.1/",
        "http://127.0.0.1\\.good.example/",
        "http://exa mple.com/",
        " http://example.com/",
        "http://example.com/\r\nX-Auth-Token: x",
        "http://example.com/\x00",
        "http://127%2e0.0.1/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://1.2.3.08/",
        "http://4294967296/",
        "http://0x1ffffffff/",
        "http://example.0x7f/",
        "http://.example/",
        "http://a..b/",
        "http://-/",
        f"http://{'a' * 64}.example/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://[1.2.3.4]/",
        "http://[::1]x/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:8o/",
        "http://example.com:80:80/",
        "http://example.com\uff0f@127.0.0.1/",
        "http://" + "9" * 5000 + "/",
        "http://example.com/" + "x" * 8000,
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused(text: str) -> None:
    with pytest.raises(UrlRefused) as refusal:
        parse(text)
    assert "secret" not in refusal.value.reason


def test_a_redirect_is_read_from_where_it_stands() -> None:
    url = parse("http://example.com:8080/a/b?c")
    assert str(url.join("../d?e")) == "http://example.com:8080/d?e"
    assert str(url.join("//other.example/")) == "http://other.example/"
    for location in ("http://x@example.com/", "\\\\other.example/", "file:///etc/passwd", "gopher://x/"):
        with pytest.raises(UrlRefused):
            url.join(location)
