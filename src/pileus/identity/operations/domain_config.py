"""Setting what a domain has of its own, and unsetting it."""

from __future__ import annotations

from typing import Any

from pileus.identity.db import domain, domain_config
from pileus.identity.model.domain_config import Config, require_known, require_only, require_valid, what
from pileus.identity.model.errors import DomainConfigNotFound
from pileus.kit.db import Transaction


def replace(tx: Transaction, domain_id: str, config: Config) -> bool:
    """Set all anew; tell whether there was nothing before. Raises ResourceNotFound, DomainConfigInvalid."""
    domain.get_locked(tx, domain_id)
    require_valid(config)
    was_empty = not domain_config.load(tx, domain_id)
    domain_config.delete(tx, domain_id)
    domain_config.save(tx, domain_id, config)
    return was_empty


def update(tx: Transaction, domain_id: str, sent: dict[str, Any], group: str | None, option: str | None) -> None:
    """Change what is set; of one group or option only if it was set before.

    Raises ResourceNotFound, DomainConfigInvalid, DomainConfigNotFound.
    """
    domain.get_locked(tx, domain_id)
    config = {group: sent} if group is not None and option is not None else sent
    require_known(group, option)
    require_valid(config)
    if group is not None:
        require_only(config, group, option)
        _require_set(tx, domain_id, group, option)
    domain_config.save(tx, domain_id, config)


def delete(tx: Transaction, domain_id: str, group: str | None, option: str | None) -> None:
    """Unset all, a group or an option. Raises ResourceNotFound, DomainConfigInvalid, DomainConfigNotFound."""
    domain.get_locked(tx, domain_id)
    require_known(group, option)
    if group is not None:
        _require_set(tx, domain_id, group, option)
    domain_config.delete(tx, domain_id, group, option)


def _require_set(tx: Transaction, domain_id: str, group: str, option: str | None) -> None:
    if not domain_config.load(tx, domain_id, group, option):
        raise DomainConfigNotFound(what=what(group, option), domain_id=domain_id)
