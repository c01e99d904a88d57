"""Signatures of OAuth1 (RFC 5849): a consumer signs a request with its secret and that of a token."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature, utils

from pileus.identity.model.extension_errors import OauthHeaderMalformed, SignatureInvalid
from pileus.identity.model.oauth1 import MAX_SKEW_S, SignedRequest

_SIGN = {
    "HMAC-SHA1": signature.sign_hmac_sha1_with_client,
    "HMAC-SHA256": signature.sign_hmac_sha256_with_client,
    "HMAC-SHA512": signature.sign_hmac_sha512_with_client,
}
"""Not PLAINTEXT, which shows the secrets to whoever listens; and consumers here have no keys for RSA."""


def read(method: str, url: str, authorization: str) -> SignedRequest:
    """Return a request with the parameters of its Authorization header. Raises OauthHeaderMalformed."""
    try:
        pairs = utils.parse_authorization_header(authorization)
    except ValueError:
        raise OauthHeaderMalformed from None
    parameters = {name: utils.unescape(value) for name, value in pairs if name != "realm"}
    return SignedRequest(method=method, url=url, parameters=parameters)


def require_signed(request: SignedRequest, secret: str, token_secret: str, now: datetime) -> None:
    """Make sure that a request is of now, and signed by who knows both secrets. Raises SignatureInvalid."""
    parameters = request.parameters
    sign = _SIGN.get(parameters.get("oauth_signature_method", ""))
    if sign is None or parameters.get("oauth_version", "1.0") != "1.0" or not parameters.get("oauth_nonce"):
        raise SignatureInvalid
    if abs(_time_of(request) - now) > timedelta(seconds=MAX_SKEW_S):
        raise SignatureInvalid
    signer = Client("", client_secret=secret, resource_owner_secret=token_secret)
    given = parameters.get("oauth_signature", "")
    if not hmac.compare_digest(sign(_base_string(request), signer).encode(), given.encode()):
        raise SignatureInvalid


def _time_of(request: SignedRequest) -> datetime:
    said = request.parameters.get("oauth_timestamp", "")
    if len(said) != len("1700000000") or not (said.isascii() and said.isdecimal()):
        raise SignatureInvalid
    return datetime.fromtimestamp(int(said), UTC).replace(tzinfo=None)


def _base_string(request: SignedRequest) -> str:
    """Return the text that is signed: all of a request but the signature."""
    own = [(name, value) for name, value in request.parameters.items() if name != "oauth_signature"]
    try:
        parameters = [*signature.collect_parameters(urlsplit(request.url).query), *own]
        where = signature.base_string_uri(request.url)
    except ValueError:  # a query or an address that cannot be read cannot have been signed
        raise SignatureInvalid from None
    text: str = signature.signature_base_string(request.method, where, signature.normalize_parameters(parameters))
    return text
