"""Logging in by several methods one after the other: what was shown so far is written on a receipt."""

from __future__ import annotations

from pileus.identity.backend import Backend
from pileus.identity.db import domain
from pileus.identity.model.login import methods_lacking, multi_factor_rules
from pileus.identity.model.login_errors import MethodsLacking, Refused
from pileus.identity.model.receipt import IssuedReceipt, Receipt
from pileus.identity.model.resource import User
from pileus.identity.operations.rows import Rows


def require_enough(rows: Rows, who: User, methods: tuple[str, ...], text: str | None) -> tuple[str, ...]:
    """Return all methods that were shown, those of an earlier receipt too, if they satisfy the user's rules.

    Raises Refused for a receipt that is not good, MethodsLacking with a new one if more is to be shown.
    """
    backend = rows.backend
    if text:
        methods = tuple(dict.fromkeys([*methods, *_read(backend, who, text).methods]))
    lacking = methods_lacking(multi_factor_rules(who), methods, backend.methods)
    if lacking is None:
        return methods
    now = backend.clock.now()
    receipt = Receipt(
        user_id=who.id,
        methods=methods,
        issued_at=now,
        expires_at=(now + backend.receipt_lifetime).replace(microsecond=0),
        user_valid_after=who.tokens_valid_after,
    )
    raise MethodsLacking(
        IssuedReceipt(
            text=backend.receipts.issue(receipt),
            receipt=receipt,
            user=who,
            user_domain=domain.get(rows.tx, who.domain_id),
            rules=tuple(tuple(rule) for rule in lacking),
        )
    )


def _read(backend: Backend, who: User, text: str) -> Receipt:
    receipt = backend.receipts.read(text)
    if receipt is None or receipt.user_id != who.id or receipt.user_valid_after != who.tokens_valid_after:
        raise Refused("the receipt is not of this user, or is void")
    if backend.clock.now() >= receipt.expires_at:
        raise Refused("the receipt has expired")
    return receipt
