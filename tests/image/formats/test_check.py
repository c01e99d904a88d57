from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.x509.oid import NameOID

from pileus.clients.transport import Transport
from pileus.image.formats import certificate, signature
from pileus.image.formats.check import new_checks
from pileus.image.model.format_errors import (
    CertificatesUnreachable,
    DigestInvalid,
    DigestMismatch,
    SignatureRefused,
)
from pileus.image.model.image import Image

UUID = "12345678-1234-5678-1234-567812345678"
DATA = b"an image's bytes" * 1000
NOW = datetime(2026, 1, 1)


def certify(key: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def sign(key: Any, data: bytes, method: hashes.HashAlgorithm) -> str:
    match key:
        case rsa.RSAPrivateKey():
            made = key.sign(data, padding.PSS(padding.MGF1(method), padding.PSS.MAX_LENGTH), method)
        case ec.EllipticCurvePrivateKey():
            made = key.sign(data, ec.ECDSA(method))
        case _:
            made = key.sign(data, method)
    return base64.b64encode(made).decode()


KEYS: dict[str, Any] = {
    "RSA-PSS": rsa.generate_private_key(65537, 2048),
    "DSA": dsa.generate_private_key(2048),
    "ECC_SECP384R1": ec.generate_private_key(ec.SECP384R1()),
    "ECC_SECP521R1": ec.generate_private_key(ec.SECP521R1()),
}
METHODS = {
    "SHA-224": hashes.SHA224(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}


def signed(kind: str = "RSA-PSS", method: str = "SHA-256", **changes: str) -> dict[str, str]:
    return {
        "img_signature": sign(KEYS[kind], DATA, METHODS[method]),
        "img_signature_hash_method": method,
        "img_signature_key_type": kind,
        "img_signature_certificate_uuid": UUID,
        **changes,
    }


def check(properties: dict[str, str], certificates: certificate.Certificates, data: bytes = DATA) -> int:
    """Run all checks; return how many there were."""
    checks = new_checks(Image(id="i", created_at=NOW, updated_at=NOW, properties=properties), certificates, "token")
    for each in checks:
        for start in range(0, len(data), 1000):
            each.look([data[start : start + 500], data[start + 500 : start + 1000]])
        each.conclude()
    return len(checks)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / f"{UUID}.pem").write_bytes(certify(KEYS["RSA-PSS"]))
    return tmp_path


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("kind", list(KEYS))
def test_a_signature_of_every_kind_is_verified(tmp_path: Path, kind: str, method: str) -> None:
    (tmp_path / f"{UUID}.pem").write_bytes(certify(KEYS[kind]))
    place = certificate.in_folder(tmp_path)
    properties = signed(kind, method)
    assert check(properties, place) == 1
    with pytest.raises(SignatureRefused, match="the data is not what was signed"):
        check(properties, place, DATA[:-1] + b"!")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"img_signature": "no base-64!"}, "not properly encoded"),
        ({"img_signature": base64.b64encode(b"short").decode()}, "not what was signed"),
        ({"img_signature_hash_method": "MD5"}, "Invalid signature hash method: MD5"),
        ({"img_signature_key_type": "RSA"}, "Invalid signature key type: RSA"),
        ({"img_signature_key_type": "DSA"}, "Invalid public key type for signature key type: DSA"),
        ({"img_signature_key_type": "ECC_SECP384R1"}, "Invalid public key type"),
        ({"img_signature_certificate_uuid": "../../etc/passwd"}, "is not a certificate's UUID"),
        ({"img_signature_certificate_uuid": UUID.replace("8", "9")}, "Certificate not found with ID"),
    ],
)
def test_a_signature_that_says_nothing_is_refused(folder: Path, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(SignatureRefused, match=reason):
        check(signed(**changes), certificate.in_folder(folder))


def test_a_curve_other_than_the_named_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{UUID}.pem").write_bytes(certify(KEYS["ECC_SECP521R1"]))
    properties = signed("ECC_SECP521R1", img_signature_key_type="ECC_SECP384R1")
    with pytest.raises(SignatureRefused, match="Invalid public key type"):
        check(properties, certificate.in_folder(tmp_path))


def test_an_image_with_fewer_than_the_four_properties_is_not_signed(folder: Path) -> None:
    for name in signed():
        properties = signed()
        del properties[name]
        assert not signature.is_signed(properties)
        assert check(properties, certificate.in_folder(folder)) == 0


def test_without_a_place_for_certificates_no_signed_image_is_taken(folder: Path) -> None:
    with pytest.raises(SignatureRefused, match="this cloud has no certificates"):
        check(signed(), certificate.nowhere)
    (folder / f"{UUID}.pem").write_bytes(b"rubbish")
    with pytest.raises(SignatureRefused, match=r"not one of X\.509"):
        check(signed(), certificate.in_folder(folder))


@pytest.fixture
def key_manager() -> Iterator[str]:
    pem = certify(KEYS["RSA-PSS"])
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == f"/v1/secrets/{UUID}/payload"
            self.send_response(403 if self.headers["x-auth-token"] != "token" else 200 if known else 404)
            self.end_headers()
            self.wfile.write(der)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1/secrets"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_key_manager_is_asked_with_the_callers_token(key_manager: str) -> None:
    transport = Transport()
    place = certificate.at_url(key_manager, transport)
    assert check(signed(), place) == 1
    with pytest.raises(SignatureRefused, match="Certificate not found"):
        place(UUID.replace("8", "9"), "token")
    with pytest.raises(CertificatesUnreachable, match="the key manager answers 403"):
        place(UUID, "other")
    transport.close()


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_the_digest_that_a_vendor_publishes_is_compared(algorithm: str) -> None:
    value = hashlib.new(algorithm, DATA).hexdigest()
    properties = {"expected_hash": f" {algorithm.upper()}:{value.upper()}\n"}
    assert check(properties, certificate.nowhere) == 1
    with pytest.raises(DigestMismatch, match=f"The data's {algorithm} is [0-9a-f]+, but {value} is expected"):
        check(properties, certificate.nowhere, DATA[1:])


@pytest.mark.parametrize("text", ["", "sha256", "sha256:", "sha256:abc", "crc:00", "sha256:" + "g" * 64])
def test_a_digest_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DigestInvalid, match="is no digest to expect"):
        check({"expected_hash": text}, certificate.nowhere)
