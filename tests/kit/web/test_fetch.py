"""Fetching, from real servers of all kinds of manners."""

from __future__ import annotations

import datetime as dt
import select
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pileus.kit.db import Database
from pileus.kit.web.fetch import PIECE_BYTES, Bounds, FetchFailed, FetchRefused, SourceTooLarge, fetch
from pileus.kit.web.gate import Gate, GateRules
from pileus.kit.web.url import UrlRefused
from tests.kit.web.site import LOOPBACK, Site, gate_to, raw, send, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

DATA = bytes(range(256)) * 4096
ANY = Gate(GateRules(allowed_ports=frozenset(), allowed_networks=LOOPBACK))
SOON = Bounds(connect_s=0.3, answer_s=0.3, stall_s=0.3, whole_s=0.6)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def test_bytes_come_in_pieces_with_their_size(site: Site) -> None:
    with fetch(site.publish("/x", DATA), ANY) as source:
        assert (source.size_bytes, source.status) == (len(DATA), 200)
        pieces = []
        for piece in source:
            pieces.append(piece)
            assert source.received_bytes == sum(map(len, pieces))
        assert max(map(len, pieces)) <= PIECE_BYTES
        assert b"".join(pieces) == DATA
        assert list(source) == []
    (_, sent), *_ = site.heard
    assert sent["host"] == f"127.0.0.1:{site.port}"
    assert sent.keys() == {"host", "user-agent", "accept-encoding", "connection"}


def test_a_part_is_fetched(site: Site) -> None:
    with fetch(site.publish("/x", DATA), ANY, headers={"range": "bytes=5-9"}) as source:
        assert (source.status, source.headers["content-range"]) == (206, f"bytes 5-9/{len(DATA)}")
        assert b"".join(source) == DATA[5:10]


def chunked(handler: BaseHTTPRequestHandler) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for start in range(0, len(DATA), 300_000):
        piece = DATA[start : start + 300_000]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")
    handler.close_connection = True


def unannounced(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(DATA)


@pytest.mark.parametrize("page", [chunked, unannounced])
def test_bytes_whose_number_nobody_says_come_all_the_same(site: Site, page: Any) -> None:
    site.pages["/x"] = page
    with fetch(f"{site.url}/x", ANY) as source:
        assert source.size_bytes is None
        assert b"".join(source) == DATA


@pytest.mark.parametrize("page", [chunked, unannounced])
def test_more_bytes_than_allowed_are_refused_while_they_come(site: Site, page: Any) -> None:
    site.pages["/x"] = page
    with fetch(f"{site.url}/x", ANY, bounds=Bounds(size_bytes=len(DATA))) as source:
        assert b"".join(source) == DATA
    with fetch(f"{site.url}/x", ANY, bounds=Bounds(size_bytes=len(DATA) - 1)) as source:
        with pytest.raises(SourceTooLarge):
            list(source)
        assert source.received_bytes == len(DATA), "one more is enough to know"


def test_an_announcement_of_more_bytes_than_allowed_is_enough(site: Site) -> None:
    with (
        pytest.raises(SourceTooLarge),
        fetch(site.publish("/x", DATA), ANY, bounds=Bounds(size_bytes=len(DATA) - 1)),
    ):
        raise AssertionError("it began")


def test_a_redirect_is_followed_and_what_is_secret_stays_behind(site: Site) -> None:
    with serving() as other:
        site.redirect("/same", "/moved?x=1", 301)
        site.redirect("/moved", f"{other.url}/x", 307)
        other.publish("/x", DATA)
        sent, kept = {"accept": "x/y"}, {"x-auth-token": "secret"}
        with fetch(f"{site.url}/same", ANY, headers=sent, secrets=kept) as source:
            assert str(source.url) == f"{other.url}/x"
            assert b"".join(source) == DATA
        assert [(path, "x-auth-token" in headers, headers["accept"]) for path, headers in site.heard + other.heard] == [
            ("/same", True, "x/y"),
            ("/moved?x=1", True, "x/y"),
            ("/x", False, "x/y"),
        ]


def test_a_redirect_may_have_letters_that_no_header_should(site: Site) -> None:
    site.publish("/%C3%BC", b"data")
    site.redirect("/x", "/\u00fc".encode().decode("latin-1"))
    with fetch(f"{site.url}/x", ANY) as source:
        assert b"".join(source) == b"data"
    site.redirect("/y", "/\u00fc")
    with pytest.raises(UrlRefused), fetch(f"{site.url}/y", ANY):
        pass


def test_redirects_end_somewhere(site: Site) -> None:
    site.redirect("/x", "/x")
    with pytest.raises(FetchFailed, match="redirects more than 5 times"), fetch(f"{site.url}/x", ANY):
        pass
    assert len(site.heard) == 6


@pytest.mark.parametrize("status", [204, 206, 304, 404, 500])
def test_an_answer_without_the_bytes_is_none(site: Site, status: int) -> None:
    site.pages["/x"] = lambda handler: send(handler, status, {})
    with pytest.raises(FetchRefused) as refusal, fetch(f"{site.url}/x?secret", ANY):
        pass
    assert refusal.value.details["status"] == status
    assert "secret" not in refusal.value.reason


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nshort",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    ],
    ids=["nothing", "nonsense", "cut off", "cut chunk", "no chunk", "long line", "many lines"],
)
def test_who_breaks_off_or_talks_nonsense_has_failed(answer: bytes) -> None:
    def serve(caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(answer)

    with raw(serve) as port, pytest.raises(FetchFailed), fetch(f"http://127.0.0.1:{port}/", ANY) as source:
        list(source)


@pytest.mark.parametrize(
    ("head", "drops"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
    ],
    ids=["silence", "slow headers", "endless preface", "stalled", "slow body"],
)
def test_nobody_keeps_us_waiting(head: bytes, drops: bytes) -> None:
    def serve(caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(head)
        for _ in range(100):
            caller.sendall(drops)
            if select.select([caller], [], [], 0.05)[0]:  # it has hung up
                return

    with raw(serve) as port:
        began, url = time.monotonic(), f"http://127.0.0.1:{port}/"
        with pytest.raises(FetchFailed, match="takes too long"), fetch(url, ANY, bounds=SOON) as source:
            list(source)
        assert time.monotonic() - began < 4


def test_the_next_address_is_tried_if_the_first_does_not_answer(site: Site) -> None:
    site.publish("/x", DATA)
    gate = gate_to(site, resolve=lambda _: ["127.0.0.3", "127.0.0.1"])
    with fetch(f"http://mirror.example:{site.port}/x", gate) as source:
        assert b"".join(source) == DATA
    nobody = gate_to(site, resolve=lambda _: ["127.0.0.3"])
    with (
        pytest.raises(
            FetchFailed, match=rf"^http://mirror\.example:{site.port} cannot be .*: there is no connection\.$"
        ),
        fetch(f"http://mirror.example:{site.port}/x", nobody),
    ):
        pass


def test_nothing_is_fetched_while_a_transaction_is_open(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.sqlite")

    def work(_tx: Any) -> None:
        with fetch("http://mirror.example/", ANY):
            pass

    with pytest.raises(AssertionError, match="while a transaction is open"):
        database.write(work)
    database.close()


def test_who_takes_the_bytes_may_fail_in_his_own_way(site: Site) -> None:
    class DiskBrokenError(OSError):
        pass

    def take(url: str) -> None:
        with fetch(url, ANY) as source:
            next(iter(source))
            raise DiskBrokenError

    with pytest.raises(DiskBrokenError):
        take(site.publish("/x", DATA))


# --- TLS --------------------------------------------------------------------------------------------


def certificate(folder: Path, host: str) -> Path:
    """A certificate and its key, in one file, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    file = folder / f"{host}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def secured(answer: bytes, file: Path, names: list[str | None]) -> Any:
    """What a server over TLS does; it notes which name it was asked for, and hangs up without a farewell."""

    def serve(caller: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        with context.wrap_socket(caller, server_side=True) as line:
            line.recv(65536)
            line.sendall(answer)

    return serve


def tls_gate(ca_file: Path | str) -> Gate:
    rules = GateRules(allowed_ports=frozenset(), allowed_networks=LOOPBACK)
    return Gate(rules, lambda _: ["127.0.0.1"], ca_file=str(ca_file))


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndata"


def test_the_certificate_is_held_against_the_name_and_not_against_the_address(tmp_path: Path) -> None:
    file, names = certificate(tmp_path, "mirror.example"), list[str | None]()
    with (
        raw(secured(ANSWER, file, names)) as port,
        fetch(f"https://mirror.example:{port}/", tls_gate(file)) as source,
    ):
        assert b"".join(source) == b"data"
    assert names == ["mirror.example"]


@pytest.mark.parametrize("host", ["mirror.example", "other.example"])
def test_a_certificate_of_somebody_else_is_not_trusted(tmp_path: Path, host: str) -> None:
    file = certificate(tmp_path, "mirror.example")
    trusted = file if host == "other.example" else ""  # the right authority and the wrong name, or the other way round
    with (
        raw(secured(ANSWER, file, [])) as port,
        pytest.raises(FetchFailed, match="certificate is not trusted"),
        fetch(f"https://{host}:{port}/", tls_gate(trusted)),
    ):
        pass


def test_a_connection_that_is_cut_does_not_pass_for_the_end(tmp_path: Path) -> None:
    file = certificate(tmp_path, "mirror.example")
    with (
        raw(secured(b"HTTP/1.1 200 OK\r\n\r\nda", file, [])) as port,
        pytest.raises(FetchFailed, match="broke off"),
        fetch(f"https://mirror.example:{port}/", tls_gate(file)) as source,
    ):
        list(source)
