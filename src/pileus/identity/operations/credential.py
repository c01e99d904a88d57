"""Making, changing and removing credentials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pileus.identity.db import credential, project, user
from pileus.identity.db.listing import Asked
from pileus.identity.model.credential import EC2, Credential
from pileus.identity.model.delegation_errors import BlobInvalid, ScopeFixed
from pileus.identity.model.errors import Duplicate, ReferenceInvalid, RequiredField
from pileus.identity.tokens import blob
from pileus.identity.tokens.keys import KeyFolder
from pileus.kit.db import Database, Transaction

_PAGE = 500
_SCOPE = ("trust_id", "app_cred_id", "access_token_id", "access_id")
"""What limits a token that is got with an EC2 credential."""


def create(tx: Transaction, new: Credential) -> Credential:
    """Add a credential. Raises ReferenceInvalid, Duplicate."""
    if user.find(tx, new.user_id) is None:
        raise ReferenceInvalid(kind="user", id=new.user_id)
    if new.project_id is not None and project.find(tx, new.project_id) is None:
        raise ReferenceInvalid(kind="project", id=new.project_id)
    if credential.find(tx, new.id) is not None:
        raise Duplicate(kind="credential", name=new.id, where="")
    credential.add(tx, new)
    return new


def update(tx: Transaction, keys: KeyFolder, credential_id: str, secret: str) -> Credential:
    """Replace a credential's blob, the one thing that changes. Raises ResourceNotFound, BlobInvalid, ScopeFixed."""
    old = credential.get_locked(tx, credential_id)
    if old.type.lower() == EC2:
        was, becomes = read_ec2(blob.decrypt(keys, old.encrypted_blob)), read_ec2(secret)
        for name in _SCOPE:
            if was.get(name) != becomes.get(name):
                raise ScopeFixed(name=name)
    credential.update_blob(tx, old.id, blob.encrypt(keys, secret), was=old.encrypted_blob)
    return credential.get(tx, old.id)


def delete(tx: Transaction, credential_id: str) -> None:
    """Remove a credential. Raises ResourceNotFound."""
    credential.get(tx, credential_id)
    credential.delete(tx, credential_id)


def read_ec2(secret: str) -> dict[str, Any]:
    """Return what the blob of an EC2 credential says. Raises BlobInvalid, RequiredField."""
    try:
        said = json.loads(secret)
    except ValueError:
        raise BlobInvalid from None
    if not isinstance(said, dict) or not said:
        raise RequiredField(what="blob", where="credential")
    if not isinstance(said.get("access"), str):
        raise RequiredField(what="access", where="credential")
    return said


def migrate(database: Database, keys: KeyFolder) -> int:
    """Store every credential under the primary key; return how many there are.

    It goes on while the service runs: a blob that is replaced meanwhile is under the primary key already.
    """
    count, marker = 0, None
    while True:
        with database.read() as tx:
            rows = credential.list_credentials(tx, Asked(limit=_PAGE, marker=marker))
        if not rows:
            return count
        database.write(_renew, keys, rows)
        count, marker = count + len(rows), rows[-1].id


def _renew(tx: Transaction, keys: KeyFolder, rows: Sequence[Credential]) -> None:
    for row in rows:
        renewed = blob.renew(keys, row.encrypted_blob)
        credential.update_blob(tx, row.id, renewed, was=row.encrypted_blob)
