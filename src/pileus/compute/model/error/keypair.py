"""Refusals about key pairs."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound


class KeyPairUnknown(Invalid):
    """A body names a key pair that the caller does not have."""

    message = "Invalid key_name provided."


class KeyPairLimitExceeded(Forbidden):
    """The user has as many key pairs as he may have."""

    message = "Quota exceeded, too many key pairs."


class KeyPairNotFound(NotFound):
    """The user has no such key pair."""

    message = "Keypair {name} not found for user {user_id}"


class KeyPairExists(Conflict):
    """The user has a key pair of that name."""

    message = "Key pair '{name}' already exists."


class KeyPairInvalid(Invalid):
    """The name or the public key is no good."""

    message = "Keypair data is invalid: {reason}"
