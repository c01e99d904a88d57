"""Holding an image's bytes against the signature that its owner has given with them.

An image is signed if it has all four properties; with fewer it is an image like any other. The properties and
algorithms are those that OpenStack's users know: RSA-PSS (with the longest salt), ECDSA on a named curve, and DSA.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from pileus.image.formats.certificate import Certificates
from pileus.image.model.digest import SIGNED
from pileus.image.model.format_errors import SignatureRefused

SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE = SIGNED

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "SHA-224": hashes.SHA224(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_CURVES = frozenset({"secp384r1", "secp521r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1"})
_CURVE_PREFIX = "ECC_"


@dataclass(frozen=True, slots=True)
class _Signature:
    """A signature of a digest, and the key that can tell."""

    data: bytes
    hash_method: hashes.HashAlgorithm
    key: CertificatePublicKeyTypes

    def verify(self, digest: bytes) -> None:
        """Raise InvalidSignature unless it is that of the digest."""
        prehashed = Prehashed(self.hash_method)
        match self.key:
            case rsa.RSAPublicKey():
                pss = padding.PSS(padding.MGF1(self.hash_method), padding.PSS.MAX_LENGTH)
                self.key.verify(self.data, digest, pss, prehashed)
            case ec.EllipticCurvePublicKey():
                self.key.verify(self.data, digest, ec.ECDSA(prehashed))
            case dsa.DSAPublicKey():
                self.key.verify(self.data, digest, prehashed)
            case _:
                raise InvalidSignature


class SignatureCheck:
    """Hashes bytes as they pass."""

    def __init__(self, signature: _Signature) -> None:
        self._signature = signature
        self._hash = hashlib.new(signature.hash_method.name)

    def look(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes."""
        for piece in pieces:
            self._hash.update(piece)

    def conclude(self) -> None:
        """Raise SignatureRefused unless the bytes are those that were signed."""
        try:
            self._signature.verify(self._hash.digest())
        except (InvalidSignature, ValueError):  # ValueError: the key is too short for such a signature
            raise SignatureRefused(reason="the data is not what was signed") from None


def is_signed(properties: Mapping[str, str]) -> bool:
    """Tell whether an image's properties have a signature."""
    return properties.keys() >= {SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE}


def new_check(properties: Mapping[str, str], certificates: Certificates, token: str) -> SignatureCheck:
    """Return what verifies a signed image's bytes. It may fetch a certificate, so it is never called in a transaction.

    Raises SignatureRefused, CertificatesUnreachable.
    """
    data, hash_method = _decoded(properties[SIGNATURE]), _HASHES.get(properties[HASH_METHOD])
    if hash_method is None:
        raise SignatureRefused(reason=f"Invalid signature hash method: {properties[HASH_METHOD]}")
    certificate = certificates(properties[CERTIFICATE], token)
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        raise SignatureRefused(reason="the certificate's key is of an unknown kind") from None
    _require_kind(key, properties[KEY_TYPE])
    return SignatureCheck(_Signature(data, hash_method, key))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused(reason="The signature data was not properly encoded using base64") from None


def _require_kind(key: CertificatePublicKeyTypes, key_type: str) -> None:
    """Raise SignatureRefused unless a key is of the kind that the image says."""
    curve = key_type.removeprefix(_CURVE_PREFIX).lower() if key_type.startswith(_CURVE_PREFIX) else ""
    if key_type not in ("RSA-PSS", "DSA") and curve not in _CURVES:
        raise SignatureRefused(reason=f"Invalid signature key type: {key_type}")
    match key:
        case rsa.RSAPublicKey():
            is_right = key_type == "RSA-PSS"
        case dsa.DSAPublicKey():
            is_right = key_type == "DSA"
        case ec.EllipticCurvePublicKey():
            is_right = key.curve.name.lower() == curve
        case _:
            is_right = False
    if not is_right:
        raise SignatureRefused(reason=f"Invalid public key type for signature key type: {key_type}")
