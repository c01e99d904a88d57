"""The digest that an image's bytes must have, as their vendor publishes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pileus.image.model.format_errors import DigestInvalid, DigestMismatch

PROPERTY = "expected_hash"
"""The image's property that says it: `sha256:e3b0c4…`."""

SIGNED = ("img_signature", "img_signature_hash_method", "img_signature_key_type", "img_signature_certificate_uuid")
"""The properties of a signed image: the signature, how it was made, and whose it is."""

HEX_DIGITS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}


@dataclass(frozen=True, slots=True)
class Digest:
    """An algorithm and the value, in small hexadecimal digits, that it must give."""

    algorithm: str
    value: str

    def require(self, found: str) -> None:
        """Raise DigestMismatch unless the digest found is this one."""
        if found != self.value:
            raise DigestMismatch(algorithm=self.algorithm, found=found, expected=self.value)


def parse(text: str) -> Digest:
    """Return the digest that a text such as `sha256:e3b0c4…` says. Raises DigestInvalid."""
    algorithm, _, value = text.strip().lower().partition(":")
    digits = HEX_DIGITS.get(algorithm)
    if digits is None or not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
        raise DigestInvalid(text=text[:80], known=", ".join(HEX_DIGITS))
    return Digest(algorithm, value)


def find_expected(properties: Mapping[str, str]) -> Digest | None:
    """Return the digest that an image's properties expect, or None. Raises DigestInvalid."""
    text = properties.get(PROPERTY)
    return None if text is None else parse(text)
