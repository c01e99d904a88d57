from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pileus.identity.db import domain, identity_provider, mapping, nonce, oauth1, project, service_provider, user
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.extension_errors import FederatedProtocolNotFound, OauthNotFound
from pileus.identity.model.federation import AttributeMapping, FederatedProtocol, IdentityProvider, ServiceProvider
from pileus.identity.model.login import Nonce
from pileus.identity.model.oauth1 import AccessToken, Consumer, RequestToken
from pileus.identity.model.resource import Domain, Project, User
from pileus.kit.db import Database, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456)
CONSUMER = Consumer(id="c", secret="s", description="d", extra={"cow": "moo"})
WISH = RequestToken(id="r", secret="s", consumer_id="c", project_id="p", expires_at=NOW)
ACCESS = AccessToken(
    id="a", secret="s", consumer_id="c", project_id="p", user_id="u", role_ids=("x", "y"), expires_at=NOW
)


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    """A transaction that sees a domain with a project, a user and the tokens of a consumer."""
    with database.engine.connect() as connection:
        begun = connection.begin()
        tx = Transaction(connection)
        domain.add(tx, Domain(id="d", name="D"))
        project.add(tx, Project(id="p", name="p", domain_id="d", parent_id="d"))
        user.add(tx, User(id="u", name="u", domain_id="d"))
        oauth1.add_consumer(tx, CONSUMER)
        oauth1.add_request_token(tx, WISH)
        oauth1.add_access_token(tx, ACCESS)
        yield tx
        if begun.is_active:
            begun.rollback()


def test_an_identity_provider_comes_back_as_it_was_written(tx: Transaction) -> None:
    new = IdentityProvider(
        id="Ü", domain_id="d", is_enabled=True, description="☃", authorization_ttl=9, remote_ids=("A", "a")
    )
    other = IdentityProvider(id="other", domain_id="d", remote_ids=("b",))
    for each in (new, other):
        identity_provider.add(tx, each)
    assert identity_provider.get(tx, "Ü") == new
    assert identity_provider.list_providers(tx, is_enabled=True) == [new]
    assert {row.id for row in identity_provider.list_providers(tx)} == {"Ü", "other"}
    wanted = IdentityProvider(id="other", domain_id="d", remote_ids=("b", "A"))
    assert identity_provider.find_taken(tx, wanted) == "A"
    assert identity_provider.find_taken(tx, new) is None
    changed = IdentityProvider(id="Ü", domain_id="d", remote_ids=())
    identity_provider.update(tx, changed)
    assert identity_provider.get(tx, "Ü") == changed
    identity_provider.update(tx, wanted)
    assert identity_provider.get(tx, "other").remote_ids == ("A", "b")


def test_a_protocol_goes_with_its_identity_provider(tx: Transaction) -> None:
    identity_provider.add(tx, IdentityProvider(id="i", domain_id="d", remote_ids=("x",)))
    new = FederatedProtocol(id="saml2", idp_id="i", mapping_id="m", remote_id_attribute="X")
    identity_provider.add_protocol(tx, new)
    assert identity_provider.list_protocols(tx, "i") == [identity_provider.get_protocol(tx, "i", "saml2")] == [new]
    identity_provider.delete(tx, "i")
    with pytest.raises(FederatedProtocolNotFound):
        identity_provider.get_protocol(tx, "i", "saml2")
    assert identity_provider.find_taken(tx, IdentityProvider(id="j", domain_id="d", remote_ids=("x",))) is None


def test_a_mapping_and_a_service_provider_come_back_as_they_were_written(tx: Transaction) -> None:
    rules = [{"local": [{"user": {"name": "{0} ☃"}}], "remote": [{"type": "a", "regex": True, "whitelist": ["x"]}]}]
    new = AttributeMapping(id="m", rules=rules, schema_version="2.0")
    mapping.add(tx, new)
    assert mapping.list_mappings(tx) == [mapping.get(tx, "m")] == [new]
    on, off = (ServiceProvider(id=name, auth_url="x", sp_url="y", is_enabled=name == "on") for name in ("on", "off"))
    for each in (on, off):
        service_provider.add(tx, each)
    assert service_provider.list_providers(tx) == [off, on]
    assert service_provider.list_enabled(tx) == service_provider.list_providers(tx, is_enabled=True) == [on]
    for remove in (mapping.delete, service_provider.delete):
        with pytest.raises(ResourceNotFound):
            remove(tx, "nope")


def test_what_oauth1_keeps_comes_back_as_it_was_written(tx: Transaction) -> None:
    assert oauth1.list_consumers(tx) == [oauth1.get_consumer(tx, "c")] == [CONSUMER]
    assert oauth1.get_request_token(tx, "r") == WISH
    assert oauth1.list_access_tokens(tx, "u") == [oauth1.get_access_token(tx, "a")] == [ACCESS]
    assert oauth1.purge_request_tokens(tx, NOW) == 0
    assert oauth1.purge_request_tokens(tx, NOW + timedelta(seconds=1)) == 1
    assert "secret" not in repr((CONSUMER, WISH, ACCESS))


@pytest.mark.parametrize("gone", ["consumer", "project", "user"])
def test_an_access_token_goes_with_whom_it_is_about(tx: Transaction, gone: str) -> None:
    if gone == "consumer":
        oauth1.delete_consumer(tx, "c")
        with pytest.raises(OauthNotFound, match=r"^Request token not found$"):
            oauth1.get_request_token(tx, "r")
    elif gone == "project":
        project.delete(tx, "p")
    else:
        user.delete(tx, "u")
    assert oauth1.find_access_token(tx, "a") is None


def test_a_signed_request_is_remembered_until_it_cannot_come_again(tx: Transaction) -> None:
    until = NOW + timedelta(seconds=60)
    first, second = (Nonce(text=text, until=until) for text in ("a", "b"))
    assert nonce.remember(tx, first, NOW)
    assert nonce.remember(tx, second, NOW)
    assert not nonce.remember(tx, first, until)
    assert nonce.remember(tx, first, until + timedelta(seconds=1))
