"""X.509 certificates that a guest knows a user by, instead of a password; Windows does."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pileus.compute.model.error.keypair import KeyPairInvalid
from pileus.compute.model.keypair import RSA_BITS, with_colons

LIFETIME = timedelta(days=3650)
USER_PRINCIPAL_NAME = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
LONGEST_NAME = 64
_DER_UTF8 = 0x0C


def generate(user_id: str, now: datetime) -> tuple[str, str]:
    """Return a certificate of a user, as PEM, and its private key: a PKCS #12 store without a password, in base64.

    Raises KeyPairInvalid for a user whose id is longer than a certificate's name may be.
    """
    if len(user_id) > LONGEST_NAME:
        raise KeyPairInvalid(reason=f"a certificate names a user by at most {LONGEST_NAME} characters")
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id)])
    alternative = x509.OtherName(USER_PRINCIPAL_NAME, _der(f"{user_id}@localhost"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(key, hashes.SHA256())
    )
    store = pkcs12.serialize_key_and_certificates(None, key, certificate, None, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), base64.b64encode(store).decode()


def fingerprint_of(certificate: str) -> str:
    """Return the SHA-1 fingerprint of a PEM certificate, with colons. Raises KeyPairInvalid."""
    try:
        read = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError as error:
        raise KeyPairInvalid(reason=f"failed to generate X509 fingerprint. Error message: {error}") from None
    return with_colons(read.fingerprint(hashes.SHA1()))  # noqa: S303 what everybody compares with


def _der(text: str) -> bytes:
    """Return a short UTF8String: a tag, a length of one byte, the text."""
    encoded = text.encode()
    return bytes((_DER_UTF8, len(encoded))) + encoded
