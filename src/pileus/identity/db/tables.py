"""Identity's tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pileus.kit.db.types import MARIADB, HexId, LongText, Moment, Name, new_metadata

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
    Column("extra", LongText, nullable=False),
    UniqueConstraint("domain_id", "name"),
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
    Column("extra", LongText, nullable=False),
    UniqueConstraint("domain_id", "name"),
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
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("target_kind", String(8), primary_key=True),
    Column("target_id", HexId, primary_key=True),
    Column("role_id", HexId, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_assignment_target", "target_kind", "target_id"),
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
    Column("expires_at", Moment, nullable=False),
    Index("ix_revoked_token_expires_at", "expires_at"),
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
