"""The settings that a domain may have of its own: where its users are kept. They are records: nothing follows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.identity.model.errors import DomainConfigInvalid

Config = dict[str, dict[str, Any]]
"""Groups of options."""

DEFAULTS: Config = {
    "identity": {"driver": "sql", "list_limit": None},
    "ldap": {
        "url": "ldap://localhost",
        "user": None,
        "suffix": "cn=example,cn=com",
        "query_scope": "one",
        "page_size": 0,
        "alias_dereferencing": "default",
        "debug_level": None,
        "chase_referrals": None,
        "user_tree_dn": None,
        "user_filter": None,
        "user_objectclass": "inetOrgPerson",
        "user_id_attribute": "cn",
        "user_name_attribute": "sn",
        "user_mail_attribute": "mail",
        "user_description_attribute": "description",
        "user_pass_attribute": "userPassword",
        "user_enabled_attribute": "enabled",
        "user_enabled_invert": False,
        "user_enabled_mask": 0,
        "user_enabled_default": "True",
        "user_attribute_ignore": ["default_project_id"],
        "user_default_project_id_attribute": None,
        "user_enabled_emulation": False,
        "user_enabled_emulation_dn": None,
        "user_enabled_emulation_use_group_config": False,
        "user_additional_attribute_mapping": [],
        "group_tree_dn": None,
        "group_filter": None,
        "group_objectclass": "groupOfNames",
        "group_id_attribute": "cn",
        "group_name_attribute": "ou",
        "group_members_are_ids": False,
        "group_member_attribute": "member",
        "group_desc_attribute": "description",
        "group_attribute_ignore": [],
        "group_additional_attribute_mapping": [],
        "tls_cacertfile": None,
        "tls_cacertdir": None,
        "use_tls": False,
        "tls_req_cert": "demand",
        "use_pool": True,
        "pool_size": 10,
        "pool_retry_max": 3,
        "pool_retry_delay": 0.1,
        "pool_connection_timeout": -1,
        "pool_connection_lifetime": 600,
        "use_auth_pool": True,
        "auth_pool_size": 100,
        "auth_pool_connection_lifetime": 60,
    },
}
"""What a domain may set, and what holds where it does not."""

SECRETS = {("ldap", "password")}
"""What a domain may set and nobody reads again."""


def require_known(group: str | None, option: str | None) -> None:
    """Make sure that a domain may have such a setting. Raises DomainConfigInvalid."""
    if group is not None and group not in DEFAULTS:
        raise DomainConfigInvalid(reason=f"Group {group} is not supported for domain specific configurations")
    if group is not None and option is not None and option not in DEFAULTS[group] and (group, option) not in SECRETS:
        raise DomainConfigInvalid(
            reason=f"Option {option} in group {group} is not supported for domain specific configurations"
        )


def require_valid(config: Mapping[str, Any]) -> None:
    """Make sure that all that is set may be set. Raises DomainConfigInvalid."""
    if not config:
        raise DomainConfigInvalid(reason="No options specified")
    for group, options in config.items():
        if not options or not isinstance(options, dict):
            raise DomainConfigInvalid(
                reason=f"The value of group {group} specified in the config should be a dictionary of options"
            )
        for option in options:
            require_known(group, option)


def require_only(config: Config, group: str, option: str | None) -> None:
    """Make sure that a change of one group or option names nothing else. Raises DomainConfigInvalid."""
    what = f"group {group}" if option is None else f"option {option} in group {group}"
    if set(config) != {group} or (option is not None and set(config[group]) != {option}):
        raise DomainConfigInvalid(reason=f"Trying to update {what}, so that, and only that, must be in the config")


def what(group: str | None, option: str | None) -> str:
    """Say what is missing."""
    if group is None:
        return "any options"
    return f"group {group}" if option is None else f"option {option} in group {group}"
