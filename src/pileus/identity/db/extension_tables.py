"""The tables of what Keystone began as extensions: OS-FEDERATION and OS-OAUTH1."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Table, Text

from pileus.identity.db.tables import METADATA
from pileus.kit.db.types import MARIADB, HexId, LongText, Moment, Name

# --- federation -----------------------------------------------------------------------------------

identity_provider = Table(
    "identity_provider",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("domain_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("description", Text),
    Column("authorization_ttl", Integer),
    **MARIADB,
)

idp_remote_id = Table(
    "idp_remote_id",
    METADATA,
    Column("remote_id", Name, primary_key=True),
    Column("idp_id", HexId, ForeignKey("identity_provider.id", ondelete="CASCADE"), nullable=False),
    **MARIADB,
)

federation_protocol = Table(
    "federation_protocol",
    METADATA,
    Column("idp_id", HexId, ForeignKey("identity_provider.id", ondelete="CASCADE"), primary_key=True),
    Column("id", HexId, primary_key=True),
    Column("mapping_id", HexId, nullable=False),
    Column("remote_id_attribute", String(64)),
    **MARIADB,
)

# By what users are known at identity providers.
federated_user = Table(
    "federated_user",
    METADATA,
    Column("idp_id", HexId, primary_key=True),
    Column("protocol_id", HexId, primary_key=True),
    Column("unique_id", Name, primary_key=True),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    ForeignKeyConstraint(
        ["idp_id", "protocol_id"], ["federation_protocol.idp_id", "federation_protocol.id"], ondelete="CASCADE"
    ),
    Index("ix_federated_user_user_id", "user_id"),
    **MARIADB,
)

mapping = Table(
    "mapping",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("rules", LongText, nullable=False),
    Column("schema_version", String(5), nullable=False),
    **MARIADB,
)

service_provider = Table(
    "service_provider",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("is_enabled", Boolean, nullable=False),
    Column("description", Text),
    Column("auth_url", Text, nullable=False),
    Column("sp_url", Text, nullable=False),
    Column("relay_state_prefix", Text, nullable=False),
    **MARIADB,
)

# --- OAuth1 ---------------------------------------------------------------------------------------

consumer = Table(
    "consumer",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("description", Text),
    Column("extra", LongText, nullable=False),
    **MARIADB,
)

request_token = Table(
    "request_token",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("consumer_id", HexId, ForeignKey("consumer.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE")),
    Column("verifier", String(64)),
    Column("role_ids", LongText, nullable=False),
    Column("expires_at", Moment),
    **MARIADB,
)

access_token = Table(
    "access_token",
    METADATA,
    Column("id", HexId, primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("consumer_id", HexId, ForeignKey("consumer.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", HexId, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", HexId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("role_ids", LongText, nullable=False),
    Column("expires_at", Moment),
    Index("ix_access_token_user_id", "user_id"),
    **MARIADB,
)

# The signed requests of the last minutes, so that none is taken twice.
nonce = Table(
    "nonce",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", Moment, nullable=False),
    Index("ix_nonce_expires_at", "expires_at"),
    **MARIADB,
)
