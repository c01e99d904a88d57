"""Real sockets: what a server takes, refuses and survives."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pileus.kit.http import asgi, guard
from pileus.kit.http.asgi import Listener
from pileus.kit.http.server import AddressUnusable, HttpServer, PortTaken, Tls, bind
from pileus.kit.http.threads import Threads
from tests.kit.http.shop import Shop, new_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = {"x-auth-token": "owner"}
HEAD = b"HTTP/1.1 "


class Stand:
    """A server on a port of its own, and the shop behind it."""

    def __init__(self, shop: Shop, tls: Tls | None = None) -> None:
        self.shop, self.threads = shop, Threads(4)
        self.socket = bind("127.0.0.1", 0)
        self.port = int(self.socket.getsockname()[1])
        self.server = HttpServer([(self.socket, Listener(new_app(shop), self.threads))], tls)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as client:
            return send(client, method, path, body, **headers)

    def say(self, data: bytes) -> bytes:
        """Send raw bytes; return all that comes until the server hangs up."""
        with closing(self.connect()) as client:
            client.sendall(data)
            return read_all(client)


def send(
    client: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    client.request(method, path, body, TOKEN | headers)
    reply = client.getresponse()
    return reply.status, reply.read(), {name.lower(): value for name, value in reply.getheaders()}


def read_all(client: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := client.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


@contextmanager
def open_stand(shop: Shop, tls: Tls | None = None) -> Iterator[Stand]:
    stand = Stand(shop, tls)
    stand.server.start()
    try:
        yield stand
    finally:
        stand.server.stop()
        stand.threads.close()


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    file = tmp_path / "goods"
    file.write_bytes(b"0123456789" * 2 * 2**20)
    with open_stand(Shop(file=file)) as made:
        yield made


def until(condition: Any, patience_s: float = 10.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


# --- without a thread -----------------------------------------------------------------------------


def _needs_thread(stand: Stand, path: str = "/clock") -> bool:
    return bool(json.loads(stand.ask("GET", path)[1])["thread"].startswith("handler-"))


def test_what_is_known_at_once_is_answered_without_a_thread(stand: Stand) -> None:
    assert [_needs_thread(stand, path) for path in ("/clock", "/clock", "/clock?slow=1")] == [False, False, True]


def test_what_had_to_begin_again_begins_on_a_thread_for_a_moment(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "REST_S", 0.2)
    assert _needs_thread(stand, "/clock?slow=1")
    assert _needs_thread(stand)
    deadline = time.monotonic() + 20
    while _needs_thread(stand):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_who_begins_again_on_a_thread_is_let_in_again_and_keeps_the_requests_id(stand: Stand) -> None:
    status, body, headers = stand.ask("GET", "/clock?slow=1")
    assert (status, json.loads(body)["user"]) == (200, "o")
    assert json.loads(body)["id"] == headers["x-openstack-request-id"]
    with closing(http.client.HTTPConnection("127.0.0.1", stand.port, timeout=20)) as client:
        client.request("GET", "/clock?slow=1")
        assert client.getresponse().status == 401


def test_a_fault_without_a_thread_is_a_fault_like_any_other(stand: Stand) -> None:
    status, body, _ = stand.ask("GET", "/clock?broken=1")
    assert status == 500
    assert b"inside knowledge" not in body
    assert stand.ask("GET", "/clock")[0] == 200


# --- plain requests -------------------------------------------------------------------------------


def test_a_request_and_its_reply_cross_a_socket(stand: Stand) -> None:
    status, body, headers = stand.ask("GET", "/goods/a%2Fb/parts/c?x=1&x=%C3%A9&y=")
    seen = json.loads(body)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert seen["params"] == {"name": "a/b", "part": "c"}
    assert seen["query"] == [["x", "1"], ["x", "é"], ["y", ""]]
    assert seen["base_url"] == f"http://127.0.0.1:{stand.port}"
    assert headers["x-openstack-request-id"] == seen["id"]


def test_a_connection_is_kept_for_the_next_request(stand: Stand) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", stand.port, timeout=20)) as client:
        send(client, "GET", "/echo")
        first = client.sock
        for path, status in (("/nothing", 404), ("/goods/broken", 500), ("/echo", 200)):
            assert send(client, "GET", path)[0] == status
        assert send(client, "POST", "/orders", b'{"name": "x"}')[0] == 201
        assert client.sock is first


def test_the_head_and_the_body_of_a_reply_leave_together(stand: Stand) -> None:
    with closing(stand.connect()) as client:
        for _ in range(5):
            client.sendall(b"GET /echo HTTP/1.1\r\nhost: x\r\n\r\n")
            head, _, body = client.recv(2**16).partition(b"\r\n\r\n")
            length = re.search(rb"content-length: ([0-9]+)", head)
            assert length is not None
            assert len(body) == int(length[1]) > 0


def test_head_has_the_headers_and_no_body(stand: Stand) -> None:
    status, body, headers = stand.ask("HEAD", "/echo")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 100
    status, body, headers = stand.ask("HEAD", "/file")
    assert (status, body, headers["content-length"]) == (200, b"", str(20 * 2**20 - 10))


def test_a_body_in_chunks_is_put_together(stand: Stand) -> None:
    pieces = iter([b'{"name"', b": ", b'"x"}'])
    assert stand.ask("POST", "/orders", pieces)[:2] == (201, b'{"name":"x"}')


def test_a_body_over_the_limit_is_refused_before_it_has_all_come(stand: Stand) -> None:
    with closing(stand.connect()) as client:
        client.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\nContent-Length: 1000000\r\n\r\n")
        client.sendall(b" " * 5000)
        assert client.recv(65536).startswith(HEAD + b"413")
    assert stand.ask("POST", "/orders", b" " * 3_000_000)[0] == 413


def test_an_expectation_is_met_before_the_body_is_sent(stand: Stand) -> None:
    with closing(stand.connect()) as client:
        client.sendall(
            b"POST /orders HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\nContent-Length: 12\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.recv(65536).startswith(HEAD + b"100")
        client.sendall(b'{"name":"x"}')
        assert client.recv(65536).startswith(HEAD + b"201")


def test_a_line_break_in_a_value_makes_no_header(stand: Stand) -> None:
    _, _, headers = stand.ask("POST", "/orders", b'{"name": "a\\r\\nb: c"}')
    assert headers["location"] == "/goods/a  b: c"
    assert "b" not in headers


def test_many_requests_at_once_are_all_answered(stand: Stand) -> None:
    def work(number: int) -> list[str]:
        with closing(http.client.HTTPConnection("127.0.0.1", stand.port, timeout=20)) as client:
            return [json.loads(send(client, "GET", f"/goods/{number}/parts/{turn}")[1])["id"] for turn in range(20)]

    with ThreadPoolExecutor(32) as pool:
        ids = [one for found in pool.map(work, range(32)) for one in found]
    assert len(set(ids)) == 32 * 20


def test_pipelined_requests_are_answered_in_order(stand: Stand) -> None:
    one = b"GET /goods/%d/parts/x HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n%s\r\n"
    said = stand.say(b"".join(one % (number, b"Connection: close\r\n" if number == 4 else b"") for number in range(5)))
    places = [said.index(b'"name":"%d"' % number) for number in range(5)]
    assert places == sorted(places)


# --- streams --------------------------------------------------------------------------------------


def test_a_stretch_of_a_file_is_sent_whole(stand: Stand) -> None:
    status, body, headers = stand.ask("GET", "/file")
    assert (status, headers["content-type"], len(body)) == (200, "x/y", 20 * 2**20 - 10)
    assert body[:10] == b"0123456789"


def test_a_connection_is_kept_after_a_file(stand: Stand) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", stand.port, timeout=20)) as client:
        for _ in range(3):
            assert len(send(client, "GET", "/file")[1]) == 20 * 2**20 - 10


def test_files_that_are_asked_for_at_once_come_whole_to_a_slow_reader(stand: Stand) -> None:
    asked = b"GET /file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n%s\r\n"
    with closing(stand.connect()) as client:
        client.sendall(asked % b"" + asked % b"Connection: close\r\n")
        time.sleep(0.5)
        assert read_all(client).count(b"0123456789") == 2 * (2 * 2**20 - 1)


def test_an_upload_comes_in_pieces(stand: Stand) -> None:
    pieces = (bytes(100_000) for _ in range(50))
    assert stand.ask("PUT", "/file", pieces)[:2] == (200, b'{"size":5000000}')
    assert len(stand.shop.received) > 1


@pytest.mark.parametrize(("token", "status"), [("guest", 403), ("", 401)])
def test_a_stream_is_refused_before_it_begins(stand: Stand, token: str, status: int) -> None:
    assert stand.ask("PUT", "/file", b"x" * 10, **{"x-auth-token": token})[0] == status
    assert stand.shop.received == []


def test_a_stream_that_forgets_to_ask_the_policy_is_a_fault(stand: Stand) -> None:
    status, body, _ = stand.ask("GET", "/forgotten_stream")
    assert status == 500
    assert b"quicksilver" not in body


def test_a_client_that_hangs_up_in_an_upload_ends_its_handler(stand: Stand) -> None:
    with closing(stand.connect()) as client:
        client.sendall(b"PUT /file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\nContent-Length: 1000\r\n\r\nhalf")
        until(lambda: stand.shop.received)
    until(lambda: stand.shop.ended == ["upload"])
    assert stand.ask("GET", "/echo")[0] == 200


def test_a_client_that_hangs_up_in_a_download_ends_the_reading(stand: Stand) -> None:
    with closing(stand.connect()) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n\r\n")
        assert client.recv(65536).startswith(HEAD + b"200")
    until(lambda: stand.shop.ended == ["download"])
    assert stand.ask("GET", "/echo")[0] == 200


def test_a_client_that_reads_nothing_is_hung_up_on(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "STALL_S", 0.2)
    with closing(stand.connect()) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n\r\n")
        until(lambda: stand.shop.ended == ["download"])
    assert stand.ask("GET", "/echo")[0] == 200


def test_a_client_that_reads_nothing_of_a_file_is_hung_up_on(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "STALL_S", 0.2)
    assert stand.shop.file is not None
    file = stand.shop.file
    with closing(stand.connect()) as client:
        client.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n\r\n")
        until(lambda: is_open(file))
        until(lambda: not is_open(file))


def test_a_client_that_reads_slowly_is_waited_for(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "STALL_S", 1.0)
    with closing(stand.connect()) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n\r\n")
        for _ in range(30):
            assert client.recv(2**20, socket.MSG_WAITALL)
            time.sleep(0.05)
        assert stand.shop.ended == []


def test_a_file_is_let_go_of_when_its_reader_hangs_up(stand: Stand) -> None:
    assert stand.shop.file is not None
    file = stand.shop.file
    with closing(stand.connect()) as client:
        client.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n\r\n")
        client.recv(100)
        until(lambda: is_open(file))
    until(lambda: not is_open(file))


def test_a_file_is_let_go_of_when_a_reader_of_several_is_gone(stand: Stand) -> None:
    assert stand.shop.file is not None
    file = stand.shop.file
    with closing(stand.connect()) as client:
        client.sendall(2 * b"GET /file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\n\r\n")
        client.recv(100)
        until(lambda: is_open(file))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
    until(lambda: not is_open(file))


def is_open(file: Path) -> bool:
    from pathlib import Path

    return any(str(file) == str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())


# --- what is no request ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /echo HTTP/9.9\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(stand: Stand, data: bytes) -> None:
    assert b" 400 " in stand.say(data)
    assert stand.ask("GET", "/echo")[0] == 200


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (b"ten", "content-length header must be an integer"),
        (b"-1", "content-length header must be an integer"),
        (b"99999999999999999999999", "Invalid HTTP request received."),
    ],
)
def test_what_is_no_request_is_refused_in_the_form_of_the_api(stand: Stand, length: bytes, reason: str) -> None:
    head, _, body = stand.say(b"POST /orders HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n").partition(
        b"\r\n\r\n"
    )
    assert head.startswith(HEAD + b"400 Bad Request\r\n")
    assert f"content-length: {len(body)}".encode() in head.split(b"\r\n")
    assert b"\r\nx-openstack-request-id: req-" in head
    assert json.loads(body) == {"badRequest": {"code": 400, "message": reason}}


@pytest.mark.parametrize("is_in_one_piece", [True, False])
@pytest.mark.parametrize("where", ["path", "header", "many headers"])
def test_a_head_that_is_too_large_is_refused(stand: Stand, where: str, is_in_one_piece: bool) -> None:
    large = b"x" * (guard.HEAD_LIMIT + 1)
    data = {
        "path": b"GET /" + large + b" HTTP/1.1\r\n\r\n",
        "header": b"GET / HTTP/1.1\r\nA: " + large + b"\r\n\r\n",
        "many headers": b"GET / HTTP/1.1\r\n" + b"Ab: cdefghij\r\n" * 7000 + b"\r\n",
    }[where]
    with closing(stand.connect()) as client:
        if is_in_one_piece:
            client.sendall(data)
        else:
            for start in range(0, len(data) - 4, 8000):
                try:
                    client.sendall(data[start : min(start + 8000, len(data) - 4)])
                except (ConnectionResetError, BrokenPipeError):
                    break
                time.sleep(0.001)
        assert b" 400 " in read_all(client)
    assert stand.ask("GET", "/echo")[0] == 200


def test_a_head_within_the_limit_is_taken(stand: Stand) -> None:
    assert stand.ask("GET", "/echo", None, a="x" * (guard.HEAD_LIMIT - 1000))[0] == 200


def test_a_head_that_is_too_slow_is_given_up(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "HEAD_TIMEOUT_S", 0.3)
    with closing(stand.connect()) as silent, closing(stand.connect()) as slow:
        started = time.monotonic()
        for letter in b"GET /echo HTTP/1.1\r\nHost: x":
            try:
                slow.sendall(bytes([letter]))
            except (ConnectionResetError, BrokenPipeError):
                break
            time.sleep(0.05)
        assert read_all(silent) == read_all(slow) == b""
        assert time.monotonic() - started < 5
    with closing(http.client.HTTPConnection("127.0.0.1", stand.port, timeout=20)) as patient:
        send(patient, "GET", "/echo")
        time.sleep(0.5)
        assert send(patient, "GET", "/echo")[0] == 200, "between requests there is no hurry"


def test_a_slow_body_is_waited_for(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "HEAD_TIMEOUT_S", 0.2)
    with closing(stand.connect()) as client:
        client.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nX-Auth-Token: owner\r\nContent-Length: 12\r\n\r\n")
        time.sleep(0.5)
        client.sendall(b'{"name":"x"}')
        assert client.recv(65536).startswith(HEAD + b"201")


CHUNKED = b"PUT /file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_what_follows_a_chunked_body_is_no_header(stand: Stand) -> None:
    with closing(stand.connect()) as client:
        client.sendall(CHUNKED % b"" + b"0\r\nX-Auth-Token: owner\r\n\r\n")
        assert client.recv(65536).startswith(HEAD + b"401")
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert HEAD + b"200" in read_all(client)


@pytest.mark.parametrize("start", [b"0\r\n", b"0\r\nA: ", b"1;x="])
def test_what_frames_a_chunked_body_cannot_go_on_for_ever(stand: Stand, start: bytes) -> None:
    filling = b"Ab: cdefghij\r\n" * 70 if start == b"0\r\n" else b"x" * 1000

    def go_on(client: socket.socket) -> None:
        for _ in range(1000):
            client.sendall(filling)
            time.sleep(0.0005)

    with closing(stand.connect()) as client:
        client.sendall(CHUNKED % b"owner" + start)
        with pytest.raises(OSError):  # noqa: PT011 (reset or broken pipe)
            go_on(client)


# --- ports ----------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with closing(bind("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 is taken by another program.*--port-offset"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize(("address", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 99999)])
def test_an_address_that_cannot_be_used_is_told_in_a_sentence(address: str, port: int) -> None:
    with pytest.raises(AddressUnusable, match=f"Cannot listen on {address} port {port}: "):
        bind(address, port)


def test_a_stopped_server_lets_go_of_its_port(tmp_path: Path) -> None:
    with open_stand(Shop()) as stand:
        port = stand.port
        stand.ask("GET", "/echo")
    bind("127.0.0.1", port).close()


def test_who_connects_while_the_server_ends_is_sent_away(tmp_path: Path) -> None:
    with open_stand(Shop()) as stand:
        stand.server.close_doors()
        with socket.create_connection(("127.0.0.1", stand.port)) as late:
            late.settimeout(5)
            assert late.recv(1) == b""


# --- TLS ------------------------------------------------------------------------------------------


def new_certificate(folder: Path) -> Tls:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    tls = Tls(folder / "certificate.pem", folder / "key.pem")
    tls.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tls


def test_a_server_with_a_certificate_speaks_tls_and_nothing_else(tmp_path: Path) -> None:
    tls = new_certificate(tmp_path)
    with open_stand(Shop(), tls) as stand:
        context = ssl.create_default_context(cafile=str(tls.certificate))
        with closing(http.client.HTTPSConnection("localhost", stand.port, timeout=20, context=context)) as client:
            status, body, _ = send(client, "GET", "/echo")
        assert (status, json.loads(body)["base_url"]) == (200, f"https://localhost:{stand.port}")
        assert not stand.say(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP")


def test_a_certificate_that_is_not_there_is_told_when_the_server_starts(tmp_path: Path) -> None:
    stand = Stand(Shop(), Tls(tmp_path / "none.pem", tmp_path / "none.key"))
    with pytest.raises(FileNotFoundError):
        stand.server.start()
    stand.socket.close()
    stand.threads.close()


# --- health and numbers ---------------------------------------------------------------------------


def test_health_names_what_is_wrong(stand: Stand) -> None:
    assert stand.ask("GET", "/healthz")[:2] == (200, b'{"status":"ok","wrong":{}}')
    stand.shop.wrong["database"] = "it sleeps"
    assert stand.ask("GET", "/healthz")[:2] == (503, b'{"status":"unavailable","wrong":{"database":"it sleeps"}}')


def test_numbers_count_requests_by_their_route_and_not_by_their_path(stand: Stand) -> None:
    stand.ask("GET", "/goods/secret-name/parts/x")
    stand.ask("GET", "/nothing-of-this-name")
    status, body, headers = stand.ask("GET", "/metrics")
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert b'route="/goods/{name}/parts/{part}",service="shop",status="200"' in body
    assert b"secret-name" not in body
    assert b"nothing-of-this-name" not in body
