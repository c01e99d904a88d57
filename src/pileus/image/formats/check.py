"""What an image's bytes must show before they count: the digest that is expected, the signature that was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pileus.image.formats import signature
from pileus.image.formats.certificate import Certificates
from pileus.image.formats.digest import DigestCheck
from pileus.image.model.digest import find_expected
from pileus.image.model.image import Image


class Check(Protocol):
    """Looks at all bytes in their order, then says whether they will do."""

    def look(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes."""

    def conclude(self) -> None:
        """Raise DigestMismatch or SignatureRefused unless the bytes are the right ones."""


def new_checks(image: Image, certificates: Certificates, token: str) -> Sequence[Check]:
    """Return the checks that an image's properties ask for; `token` opens the place of the certificates.

    It may fetch a certificate. Raises DigestInvalid, SignatureRefused, CertificatesUnreachable.
    """
    checks: list[Check] = []
    digest = find_expected(image.properties)
    if digest is not None:
        checks.append(DigestCheck(digest))
    if signature.is_signed(image.properties):
        checks.append(signature.new_check(image.properties, certificates, token))
    return checks
