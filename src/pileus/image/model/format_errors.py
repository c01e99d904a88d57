"""What can be wrong with an image's bytes beyond their format, as facts."""

from __future__ import annotations

from pileus.image.model.errors import DataRefused
from pileus.kit.errors import Invalid, Unavailable


class DigestInvalid(Invalid):
    """A digest that is expected of an image's bytes is not written as one."""

    message = (
        "'{text}' is no digest to expect: it must be ALGORITHM:VALUE, such as sha256:e3b0c4…, with the whole value in "
        "hexadecimal and one of the algorithms {known}."
    )


class DigestMismatch(Invalid):
    """The bytes are not those whose digest was published."""

    message = "The data's {algorithm} is {found}, but {expected} is expected."


class SignatureRefused(Invalid):
    """An image's signature is not that of its bytes, or nobody can tell."""

    message = "Signature verification failed: {reason}"


class CertificatesUnreachable(Unavailable):
    """The place that keeps the certificates does not give an answer."""

    message = "Certificate {uuid} could not be fetched: {reason}"


class ConversionFailed(Invalid):
    """An image could not be written in another format."""

    message = "The image could not be converted from {source} to {target}: {reason}"


class FormatNotConvertible(Invalid):
    """There is no way from or to a format."""

    message = "Images are not converted {direction} {name}; known are {known}."


class ArchiveRefused(DataRefused):
    """Compressed bytes, or a package of several files, that hold no image in a way that is understood."""
