"""Where the certificates of those who sign images come from: a folder, or a key manager such as Barbican.

Both are functions of a certificate's UUID and of the token of whoever asks; a folder does without the token.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from pileus.clients.transport import Transport
from pileus.image.model.format_errors import CertificatesUnreachable, SignatureRefused

Certificates = Callable[[str, str], x509.Certificate]
"""Return a certificate, by UUID and token. Raises SignatureRefused, CertificatesUnreachable."""


def nowhere(_certificate_uuid: str, _token: str) -> x509.Certificate:
    """Raise SignatureRefused: the operator has not said where certificates are."""
    raise SignatureRefused(reason="this cloud has no certificates (image.formats.signature_certificates is not set)")


def in_folder(folder: Path) -> Certificates:
    """Return what reads `UUID.pem` or `UUID.der` in a folder."""

    def get(certificate_uuid: str, _token: str) -> x509.Certificate:
        name = _canonical(certificate_uuid)
        for path in (folder / f"{name}.pem", folder / f"{name}.der"):
            if path.is_file():
                return load(path.read_bytes())
        raise SignatureRefused(reason=f"Certificate not found with ID: {name}")

    return get


def at_url(url: str, transport: Transport) -> Certificates:
    """Return what asks a key manager, `GET URL/UUID/payload`; Barbican's URL ends in `/v1/secrets`."""

    def get(certificate_uuid: str, token: str) -> x509.Certificate:
        name = _canonical(certificate_uuid)
        headers = {"accept": "application/octet-stream", "x-auth-token": token}
        reply = transport.send("GET", f"{url.rstrip('/')}/{name}/payload", headers)
        if reply.status == 404:
            raise SignatureRefused(reason=f"Certificate not found with ID: {name}")
        if reply.status != 200 or not isinstance(reply.body, bytes):
            raise CertificatesUnreachable(uuid=name, reason=f"the key manager answers {reply.status}")
        return load(reply.body)

    return get


def load(data: bytes) -> x509.Certificate:
    """Return a certificate written as PEM or DER. Raises SignatureRefused."""
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise SignatureRefused(reason="the certificate is not one of X.509") from None


def _canonical(certificate_uuid: str) -> str:
    """Return a UUID as it is usually written; nothing else becomes part of a path."""
    try:
        return str(uuid.UUID(certificate_uuid))
    except ValueError:
        raise SignatureRefused(reason=f"'{certificate_uuid[:80]}' is not a certificate's UUID") from None
