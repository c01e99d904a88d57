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
from pileus.compute.model.errors import KeyPairExists, KeyPairInvalid, KeyPairLimitExceeded
from pileus.compute.model.keypair import KeyPair, require_name
from pileus.compute.model.quota import UNLIMITED
from pileus.kit.db import Transaction

RSA_BITS = 2048


def generate() -> tuple[str, str]:
    """Return a new ssh key: the public line and the private PEM document."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{public.decode()} Generated-by-Pileus", private.decode()


def fingerprint_of(public_key: str) -> str:
    """Return the MD5 fingerprint of an ssh public key, with colons. Raises KeyPairInvalid."""
    try:
        serialization.load_ssh_public_key(public_key.encode())
        blob = base64.b64decode(public_key.split()[1], validate=True)
    except (ValueError, IndexError, UnsupportedAlgorithm, binascii.Error):
        raise KeyPairInvalid(reason="failed to generate fingerprint") from None
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))


def add(tx: Transaction, user_id: str, name: str, public_key: str, limit: int, now: datetime) -> KeyPair:
    """Keep a user's public key. Raises KeyPairInvalid, KeyPairLimitExceeded, KeyPairExists."""
    require_name(name)
    keypair = KeyPair(
        user_id=user_id, name=name, fingerprint=fingerprint_of(public_key), public_key=public_key, created_at=now
    )
    quota.take_turn(tx, f"user:{user_id}")
    if limit != UNLIMITED and rows.count(tx, user_id) >= limit:
        raise KeyPairLimitExceeded
    if not rows.add(tx, keypair):
        raise KeyPairExists(name=name)
    return keypair


def delete(tx: Transaction, user_id: str, name: str) -> None:
    """Remove a user's key pair. Raises KeyPairNotFound."""
    rows.delete(tx, rows.get(tx, user_id, name))
