from __future__ import annotations

from tests.compute.cloud import ADMIN, Cloud, message_of

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
