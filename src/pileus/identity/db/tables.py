"""Identity's tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from pileus.kit.db.types import MARIADB, BigId, HexId, LongText, Moment, Name, new_metadata

METADATA = new_metadata()

NO_DOMAIN = ""
"""The domain of what belongs to none: domains, and the roles of the whole cloud. NULL would not be unique."""

# A domain is a project that acts as one, as in every Keystone since its third API; ids never collide.
project = Table(
    "project",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("name", Name, nullable=False),
    Column("domain_id", HexId, nullable=False),
    Column("parent_id", HexId),
    Column("is_domain", Boolean, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", LongText, nullable=False),
    Column("extra", LongText, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_project_parent_id", "parent_id"),
    **MARIADB,
)

# All that a project lies within, the domain too. Projects stay where they are, so it is written once.
project_ancestor = Table(
    "project_ancestor",
    METADATA,
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("ancestor_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("distance", Integer, nullable=False),
    Index("ix_project_ancestor_ancestor_id", "ancestor_id"),
    **MARIADB,
)

user = Table(
    "user",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("name", Name, nullable=False),
    Column("domain_id", HexId, ForeignKey("project.id"), nullable=False),
    Column("password_hash", String(255)),
    Column("default_project_id", HexId),
    Column("is_enabled", Boolean, nullable=False),
    Column("description", Text),
    Column("tokens_valid_after", Moment),
    Column("failed_auth_count", Integer, nullable=False, server_default="0"),
    Column("failed_auth_at", Moment),
    Column("password_created_at", Moment),
    Column("password_expires_at", Moment),
    Column("is_password_own", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment),
    Column("last_active_at", Moment),
    Column("extra", LongText, nullable=False),
    UniqueConstraint("domain_id", "name"),
    **MARIADB,
)

# A password that a user had; the present one is in the user's row.
old_password = Table(
    "old_password",
    METADATA,
    Column("id", BigId, primary_key=True),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Index("ix_old_password_user_id", "user_id"),
    **MARIADB,
)

group = Table(
    "group",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("name", Name, nullable=False),
    Column("domain_id", HexId, ForeignKey("project.id"), nullable=False),
    Column("description", Text),
    Column("extra", LongText, nullable=False),
    UniqueConstraint("domain_id", "name"),
    **MARIADB,
)

membership = Table(
    "membership",
    METADATA,
    Column("group_id", HexId, ForeignKey("group.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_membership_user_id", "user_id"),
    **MARIADB,
)

role = Table(
    "role",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("name", Name, nullable=False),
    Column("domain_id", HexId, nullable=False),
    Column("description", Text),
    Column("extra", LongText, nullable=False),
    UniqueConstraint("domain_id", "name"),
    **MARIADB,
)

implied_role = Table(
    "implied_role",
    METADATA,
    Column("prior_role_id", HexId, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
    Column("implied_role_id", HexId, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
    **MARIADB,
)

assignment = Table(
    "assignment",
    METADATA,
    Column("actor_id", HexId, primary_key=True),  # of the user or the group
    Column("target_kind", String(8), primary_key=True),
    Column("target_id", HexId, primary_key=True),
    Column("role_id", HexId, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
    Column("is_inherited", Boolean, primary_key=True),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE")),
    Column("group_id", HexId, ForeignKey("group.id", ondelete="CASCADE")),
    Index("ix_assignment_target_id", "target_id"),
    Index("ix_assignment_role_id", "role_id", "actor_id", "target_kind", "target_id", "is_inherited"),
    Index("ix_assignment_user_id", "user_id"),
    Index("ix_assignment_group_id", "group_id"),
    **MARIADB,
)

region = Table(
    "region",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("description", Text, nullable=False),
    Column("parent_region_id", Name),
    Column("extra", LongText, nullable=False),
    **MARIADB,
)

service = Table(
    "service",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("type", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("description", Text),
    Column("is_enabled", Boolean, nullable=False),
    Column("extra", LongText, nullable=False),
    **MARIADB,
)

endpoint = Table(
    "endpoint",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("service_id", HexId, ForeignKey("service.id", ondelete="CASCADE"), nullable=False),
    Column("region_id", Name),
    Column("interface", String(8), nullable=False),
    Column("url", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("extra", LongText, nullable=False),
    **MARIADB,
)

revoked_token = Table(
    "revoked_token",
    METADATA,
    Column("audit_id", String(32), primary_key=True),
    Column("has_descendants", Boolean, nullable=False),
    Column("revoked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("ix_revoked_token_expires_at", "expires_at"),
    **MARIADB,
)

# One row, whose number moves with every write: what was read of identity holds for as long as it stands still.
generation = Table(
    "generation",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    **MARIADB,
)

# Credentials of all kinds, and trusts.

credential = Table(
    "credential",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE")),
    Column("type", Name, nullable=False),
    Column("encrypted_blob", LongText, nullable=False),
    Column("extra", LongText, nullable=False),
    Index("ix_credential_user_id", "user_id", "type"),
    Index("ix_credential_project_id", "project_id"),
    **MARIADB,
)

application_credential = Table(
    "application_credential",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("name", Name, nullable=False),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("description", Text),
    Column("secret_hash", String(255), nullable=False),
    Column("expires_at", Moment),
    Column("is_unrestricted", Boolean, nullable=False),
    Column("has_access_rules", Boolean, nullable=False),
    UniqueConstraint("user_id", "name"),
    Index("ix_application_credential_project_id", "project_id"),
    **MARIADB,
)

application_credential_role = Table(
    "application_credential_role",
    METADATA,
    Column(
        "application_credential_id",
        HexId,
        ForeignKey("application_credential.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("role_id", HexId, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
    **MARIADB,
)

access_rule = Table(
    "access_rule",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("service", Name, nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", Name, nullable=False),
    UniqueConstraint("user_id", "service", "method", "path"),
    **MARIADB,
)

application_credential_access_rule = Table(
    "application_credential_access_rule",
    METADATA,
    Column(
        "application_credential_id",
        HexId,
        ForeignKey("application_credential.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("access_rule_id", HexId, ForeignKey("access_rule.id", ondelete="CASCADE"), primary_key=True),
    **MARIADB,
)

trust = Table(
    "trust",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("trustor_user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("trustee_user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE")),
    Column("is_impersonation", Boolean, nullable=False),
    Column("expires_at", Moment),
    Column("remaining_uses", Integer),
    Column("redelegated_trust_id", HexId, ForeignKey("trust.id", ondelete="CASCADE")),
    Column("redelegation_count", Integer, nullable=False),
    Column("extra", LongText, nullable=False),
    Index("ix_trust_trustor_user_id", "trustor_user_id"),
    Index("ix_trust_trustee_user_id", "trustee_user_id"),
    Index("ix_trust_project_id", "project_id"),
    Index("ix_trust_redelegated_trust_id", "redelegated_trust_id"),
    **MARIADB,
)

trust_role = Table(
    "trust_role",
    METADATA,
    Column("trust_id", HexId, ForeignKey("trust.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", HexId, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
    **MARIADB,
)

# Which endpoints a project sees, policies for endpoints, and limits.

endpoint_group = Table(
    "endpoint_group",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("name", Name, nullable=False),
    Column("description", Text),
    Column("filters", LongText, nullable=False),
    **MARIADB,
)

project_endpoint = Table(
    "project_endpoint",
    METADATA,
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("endpoint_id", HexId, ForeignKey("endpoint.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_project_endpoint_endpoint_id", "endpoint_id"),
    **MARIADB,
)

project_endpoint_group = Table(
    "project_endpoint_group",
    METADATA,
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("endpoint_group_id", HexId, ForeignKey("endpoint_group.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_project_endpoint_group_endpoint_group_id", "endpoint_group_id"),
    **MARIADB,
)

policy = Table(
    "policy",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("type", Name, nullable=False),
    Column("blob", LongText, nullable=False),
    Column("extra", LongText, nullable=False),
    **MARIADB,
)

policy_association = Table(
    "policy_association",
    METADATA,
    Column("place", String(400), primary_key=True),  # the three ids in one, as NULLs would not be unique
    Column("policy_id", HexId, ForeignKey("policy.id", ondelete="CASCADE"), nullable=False),
    Column("endpoint_id", HexId, ForeignKey("endpoint.id", ondelete="CASCADE")),
    Column("service_id", HexId, ForeignKey("service.id", ondelete="CASCADE")),
    Column("region_id", Name, ForeignKey("region.id", ondelete="CASCADE")),
    Index("ix_policy_association_policy_id", "policy_id"),
    **MARIADB,
)

NO_REGION = ""
"""The region of a limit that is for all of them. NULL would not be unique."""

registered_limit = Table(
    "registered_limit",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("service_id", HexId, ForeignKey("service.id", ondelete="CASCADE"), nullable=False),
    Column("region_id", Name, nullable=False),
    Column("resource_name", Name, nullable=False),
    Column("default_limit", Integer, nullable=False),
    Column("description", Text),
    UniqueConstraint("service_id", "region_id", "resource_name"),
    **MARIADB,
)

# Called `limit` in the API, which is a word of SQL.
project_limit = Table(
    "project_limit",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("registered_limit_id", HexId, ForeignKey("registered_limit.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("resource_limit", Integer, nullable=False),
    Column("description", Text),
    UniqueConstraint("registered_limit_id", "project_id"),
    Index("ix_project_limit_project_id", "project_id"),
    **MARIADB,
)

# What a domain has set of its own.
domain_config = Table(
    "domain_config",
    METADATA,
    Column("domain_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("group", String(64), primary_key=True),
    Column("option", String(64), primary_key=True),
    Column("value", LongText, nullable=False),
    **MARIADB,
)
