from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.compute.cloud import ADMIN, OTHER, Cloud, message_of

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl someone@somewhere"


def test_a_generated_key_shows_its_private_half_once(cloud: Cloud) -> None:
    made = cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "mine"}})
    keypair = made.decoded()["keypair"]
    assert made.status == 200
    assert keypair["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert keypair["public_key"].startswith("ssh-rsa ")
    assert len(keypair["fingerprint"]) == 47
    assert keypair["user_id"] == "u-member"
    assert "private_key" not in cloud.get("/os-keypairs/mine")["keypair"]


def test_a_public_key_is_imported_and_put_into_servers(cloud: Cloud) -> None:
    body = {"keypair": {"name": "mine", "public_key": PUBLIC}}
    assert "private_key" not in cloud.ask("POST", "/os-keypairs", body).decoded()["keypair"]
    assert message_of(cloud.ask("POST", "/os-keypairs", body)) == "Key pair 'mine' already exists."
    assert [row["keypair"]["name"] for row in cloud.get("/os-keypairs")["keypairs"]] == ["mine"]
    assert cloud.get("/os-keypairs", who=ADMIN)["keypairs"] == []
    server_id = cloud.new_server(key_name="mine")
    assert cloud.get(f"/servers/{server_id}")["server"]["key_name"] == "mine"
    assert cloud.ask("DELETE", "/os-keypairs/mine").status == 202
    assert cloud.ask("DELETE", "/os-keypairs/mine").status == 404


def test_a_bad_key_is_refused(cloud: Cloud) -> None:
    reply = cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "mine", "public_key": "nonsense"}})
    assert reply.status == 400
    assert message_of(reply) == "Keypair data is invalid: failed to generate fingerprint"


def test_a_certificate_is_made_and_imported(cloud: Cloud) -> None:
    made = cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "one", "type": "x509"}}, version="2.2")
    keypair = made.decoded()["keypair"]
    assert (made.status, keypair["type"], len(keypair["fingerprint"])) == (201, "x509", 59)
    store = pkcs12.load_key_and_certificates(base64.b64decode(keypair["private_key"]), None)
    certificate = x509.load_pem_x509_certificate(keypair["public_key"].encode())
    assert store[1] == certificate
    assert certificate.subject.rfc4514_string() == "CN=u-member"
    body = {"keypair": {"name": "two", "type": "x509", "public_key": keypair["public_key"]}}
    again = cloud.ask("POST", "/os-keypairs", body, version="2.92").decoded()["keypair"]
    assert again["fingerprint"] == keypair["fingerprint"]
    body["keypair"] |= {"name": "three", "public_key": PUBLIC}
    refused = cloud.ask("POST", "/os-keypairs", body, version="2.92")
    assert message_of(refused).startswith("Keypair data is invalid: failed to generate X509 fingerprint.")


def test_a_certificate_has_no_room_for_an_endless_user(cloud: Cloud) -> None:
    for length, status in ((64, 201), (65, 400)):
        body = {"keypair": {"name": "one", "type": "x509", "user_id": "u" * length}}
        assert cloud.ask("POST", "/os-keypairs", body, who=ADMIN, version="2.10").status == status


def test_a_key_pair_says_its_type_since_there_are_two(cloud: Cloud) -> None:
    cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "mine", "public_key": PUBLIC}})
    assert "type" not in cloud.get("/os-keypairs/mine")["keypair"]
    assert cloud.get("/os-keypairs/mine", version="2.2")["keypair"]["type"] == "ssh"
    body = {"keypair": {"name": "other", "type": "ssh"}}
    assert cloud.ask("POST", "/os-keypairs", body).status == 400
    assert cloud.ask("DELETE", "/os-keypairs/mine", version="2.2").status == 204


def test_administrators_manage_the_keys_of_others(cloud: Cloud) -> None:
    body = {"keypair": {"name": "gift", "public_key": PUBLIC, "user_id": "u-member"}}
    assert cloud.ask("POST", "/os-keypairs", body, who=ADMIN, version="2.10").status == 201
    assert names(cloud, "/os-keypairs", version="2.10") == ["gift"]
    assert names(cloud, "/os-keypairs?user_id=u-member", who=ADMIN, version="2.10") == ["gift"]
    assert names(cloud, "/os-keypairs?user_id=u-member", who=ADMIN, version="2.9") == []
    assert cloud.ask("GET", "/os-keypairs/gift?user_id=u-member", who=OTHER, version="2.10").status == 403
    assert cloud.ask("POST", "/os-keypairs", body, who=OTHER, version="2.10").status == 403
    assert cloud.ask("DELETE", "/os-keypairs/gift?user_id=u-member", who=OTHER, version="2.10").status == 403
    assert cloud.ask("DELETE", "/os-keypairs/gift?user_id=u-member", who=ADMIN, version="2.10").status == 204


def test_key_pairs_come_in_pages(cloud: Cloud) -> None:
    for name in ("c", "a", "b"):
        cloud.ask("POST", "/os-keypairs", {"keypair": {"name": name, "public_key": PUBLIC}})
    page = cloud.get("/os-keypairs?limit=2", version="2.35")
    assert [row["keypair"]["name"] for row in page["keypairs"]] == ["a", "b"]
    assert page["keypairs_links"][0]["href"].endswith("/v2.1/os-keypairs?limit=2&marker=b")
    assert names(cloud, "/os-keypairs?limit=2&marker=b", version="2.35") == ["c"]
    assert names(cloud, "/os-keypairs?limit=2&marker=b", version="2.34") == ["a", "b", "c"]
    assert message_of(cloud.ask("GET", "/os-keypairs?marker=x", version="2.35")) == "Marker x could not be found."
    assert cloud.ask("GET", "/os-keypairs?colour=red", version="2.74").status == 200
    reply = cloud.ask("GET", "/os-keypairs?colour=red", version="2.75")
    assert message_of(reply) == "Additional properties are not allowed ('colour' was unexpected)"


def test_names_and_keys_are_stricter_in_the_end(cloud: Cloud) -> None:
    named = {"keypair": {"name": "me@home.example", "public_key": PUBLIC}}
    assert cloud.ask("POST", "/os-keypairs", named, version="2.91").status == 400
    assert cloud.ask("POST", "/os-keypairs", named, version="2.92").status == 201
    assert cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "mine"}}, version="2.92").status == 400


def test_a_user_has_no_more_key_pairs_than_his_quota(cloud: Cloud) -> None:
    cloud.ask("PUT", "/os-quota-sets/p-one", {"quota_set": {"key_pairs": 1}}, who=ADMIN)
    assert cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "one", "public_key": PUBLIC}}).status == 200
    reply = cloud.ask("POST", "/os-keypairs", {"keypair": {"name": "two", "public_key": PUBLIC}})
    assert (reply.status, message_of(reply)) == (403, "Quota exceeded, too many key pairs.")


def names(cloud: Cloud, path: str, **how: str) -> list[str]:
    return [row["keypair"]["name"] for row in cloud.get(path, **how)["keypairs"]]
