"""Making and removing key pairs."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pileus.compute.db import keypair as rows
from pileus.compute.db import quota
from pileus.compute.model.error.keypair import KeyPairExists, KeyPairInvalid, KeyPairLimitExceeded
from pileus.compute.model.keypair import RSA_BITS, X509, KeyPair, with_colons
from pileus.compute.model.news import NounNews
from pileus.compute.model.quota import UNLIMITED
from pileus.compute.operations import certificate
from pileus.kit.db import Transaction


def generate(kind: str, user_id: str, now: datetime) -> tuple[str, str]:
    """Return both halves of a new pair, the public one first, as whoever shall use them reads them."""
    return certificate.generate(user_id, now) if kind == X509 else _generate_ssh()


def _generate_ssh() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{public.decode()} Generated-by-Pileus", private.decode()


def fingerprint_of(kind: str, public_key: str) -> str:
    """Return what tells a public half from others: MD5 of an ssh key, SHA-1 of a certificate. Raises KeyPairInvalid."""
    return certificate.fingerprint_of(public_key) if kind == X509 else _ssh_fingerprint_of(public_key)


def _ssh_fingerprint_of(public_key: str) -> str:
    try:
        serialization.load_ssh_public_key(public_key.encode())
        blob = base64.b64decode(public_key.split()[1], validate=True)
    except (ValueError, IndexError, UnsupportedAlgorithm, binascii.Error):
        raise KeyPairInvalid(reason="failed to generate fingerprint") from None
    return with_colons(hashlib.md5(blob, usedforsecurity=False).digest())


def add(tx: Transaction, keypair: KeyPair, limit: int, *, is_generated: bool) -> None:
    """Keep a user's public key, if that makes no more than `limit`. Raises KeyPairLimitExceeded, KeyPairExists."""
    quota.take_turn(tx, f"user:{keypair.user_id}")
    require_room(tx, keypair.user_id, limit)
    if not rows.add(tx, keypair):
        raise KeyPairExists(name=keypair.name)
    tx.note(NounNews(noun=keypair, verb="create" if is_generated else "import"))


def require_room(tx: Transaction, user_id: str, limit: int) -> None:
    """Raise KeyPairLimitExceeded if a user has as many key pairs as `limit`."""
    if limit != UNLIMITED and rows.count(tx, user_id) >= limit:
        raise KeyPairLimitExceeded


def delete(tx: Transaction, user_id: str, name: str) -> None:
    """Remove a user's key pair. Raises KeyPairNotFound."""
    keypair = rows.get(tx, user_id, name)
    rows.delete(tx, keypair)
    tx.note(NounNews(noun=keypair, verb="delete"))
