from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from pileus.identity.db.tables import credential
from pileus.identity.operations import credential as operations
from tests.identity.world import SYSTEM, message, project

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def of(user_id: str, **more: Any) -> dict[str, Any]:
    return {"credential": {"user_id": user_id, "type": "totp", "blob": "geheim", **more}}


def member(world: World, name: str) -> tuple[str, str]:
    """Make a member of the project `demo`; return the user's id and a token."""
    owner = world.user(name)
    world.give(owner, "member", f"projects/{world.shown('/v3/projects?name=demo')[0]['id']}")
    return owner, world.token(name, "pw", project("demo"))


def test_a_credential_is_made_shown_changed_and_removed_by_its_owner(world: World) -> None:
    owner, token = member(world, "u")
    made = world.made("/v3/credentials", of(owner, label="mine"), token=token)
    path = f"/v3/credentials/{made['id']}"
    assert made == {
        "id": made["id"],
        "user_id": owner,
        "project_id": None,
        "type": "totp",
        "blob": "geheim",
        "label": "mine",
        "links": {"self": f"http://identity.test:5000{path}"},
    }
    assert world.shown(path, token=token) == made
    changed = world("PATCH", path, {"credential": {"blob": "new"}}, token=token)
    assert (changed.status, changed.decoded()["credential"]["blob"]) == (200, "new")
    assert world.shown(path, token=token)["blob"] == "new"
    assert world("DELETE", path, token=token).status == 204
    assert world("GET", path).status == 404


def test_the_database_alone_holds_no_secret(world: World) -> None:
    owner, _ = member(world, "u")
    world.made("/v3/credentials", of(owner))
    with world.database.read() as tx:
        row = tx.first(select(credential))
    assert row is not None
    assert "geheim" not in str(tuple(row))


def test_nobody_sees_or_touches_what_is_another_users(world: World) -> None:
    owner, _ = member(world, "u")
    _, token = member(world, "other")
    path = f"/v3/credentials/{world.made('/v3/credentials', of(owner))['id']}"
    assert world("GET", path, token=token).status == 403
    assert world("PATCH", path, {"credential": {"blob": "x"}}, token=token).status == 403
    assert world("DELETE", path, token=token).status == 403
    assert world("GET", "/v3/credentials/nope", token=token).status == 403
    assert world("GET", "/v3/credentials/nope").status == 404
    assert world("POST", "/v3/credentials", of(owner), token=token).status == 403
    assert world("POST", "/v3/credentials", of("nobody"), token=token).status == 403
    assert message(world("POST", "/v3/credentials", of("nobody"))) == "Could not find user: nobody."


def test_a_list_holds_what_is_the_callers_and_all_for_readers_of_the_system(world: World) -> None:
    owner, token = member(world, "u")
    other, _ = member(world, "other")
    reader = world.user("reader")
    world.give(reader, "reader", "system")
    mine = world.made("/v3/credentials", of(owner))["id"]
    theirs = world.made("/v3/credentials", of(other, type="cert"))["id"]

    def ids(query: str, token: str | None) -> set[str]:
        return {row["id"] for row in world.shown(f"/v3/credentials{query}", token=token)}

    assert ids("", token) == {mine}
    assert ids(f"?user_id={other}", token) == set()
    for everybody in (None, world.token("reader", "pw", SYSTEM)):
        assert ids("", everybody) == {mine, theirs}
        assert ids(f"?user_id={other}", everybody) == {theirs}
        assert ids("?type=totp", everybody) == {mine}


def test_a_list_is_paged_in_the_order_of_ids(world: World) -> None:
    owner, token = member(world, "u")
    made = sorted(world.made("/v3/credentials", of(owner))["id"] for _ in range(5))
    first = world("GET", "/v3/credentials?limit=2", token=token).decoded()
    assert [row["id"] for row in first["credentials"]] == made[:2]
    assert first["links"]["next"].endswith(f"limit=2&marker={made[1]}")
    rest = world.shown(f"/v3/credentials?limit=9&marker={made[1]}", token=token)
    assert [row["id"] for row in rest] == made[2:]


def test_a_credential_of_an_ec2_key_is_found_by_the_key(world: World) -> None:
    owner, token = member(world, "u")
    home = world.shown("/v3/projects?name=demo")[0]["id"]
    body = of(owner, type="ec2", project_id=home, blob=json.dumps({"access": "a", "secret": "s"}))
    made = world.made("/v3/credentials", body, token=token)
    assert made["id"] == hashlib.sha256(b"a").hexdigest()
    assert world("POST", "/v3/credentials", body, token=token).status == 409
    assert world("POST", "/v3/credentials", of(owner, type="ec2", blob="{}")).status == 400
    for blob in ("no JSON", "{}", "[1]", '{"secret": "s"}', '{"access": 1}'):
        assert world("POST", "/v3/credentials", of(owner, type="ec2", project_id=home, blob=blob)).status == 400, blob


@pytest.mark.parametrize("name", ["trust_id", "app_cred_id", "access_token_id", "access_id"])
def test_what_limits_the_tokens_of_an_ec2_credential_stays(world: World, name: str) -> None:
    owner, token = member(world, "u")
    home = world.shown("/v3/projects?name=demo")[0]["id"]
    secret = {"access": "a", "secret": "s", name: "t"}
    made = world.made("/v3/credentials", of(owner, type="ec2", project_id=home, blob=json.dumps(secret)))
    path = f"/v3/credentials/{made['id']}"
    for wanted in ({"access": "a", "secret": "s"}, {**secret, name: "other"}):
        reply = world("PATCH", path, {"credential": {"blob": json.dumps(wanted)}}, token=token)
        assert (reply.status, message(reply)) == (400, f"{name} can not be updated for credential")
    fine = {"credential": {"blob": json.dumps({**secret, "secret": "new"})}}
    assert world("PATCH", path, fine, token=token).status == 200


def test_only_the_blob_changes(world: World) -> None:
    owner, token = member(world, "u")
    path = f"/v3/credentials/{world.made('/v3/credentials', of(owner))['id']}"
    for name in ("user_id", "project_id", "type", "id", "other"):
        body = {"credential": {"blob": "x", name: "new"}}
        assert world("PATCH", path, body, token=token).status == 400, name
    assert world("PATCH", path, {"credential": {}}, token=token).status == 400
    assert world.shown(path)["blob"] == "geheim"


def test_credentials_go_with_their_user_and_their_project(world: World) -> None:
    owner, _ = member(world, "u")
    home = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    of_project = world.made("/v3/credentials", of(owner, project_id=home))["id"]
    of_user = world.made("/v3/credentials", of(owner))["id"]
    assert world("DELETE", f"/v3/projects/{home}").status == 204
    assert [world("GET", f"/v3/credentials/{each}").status for each in (of_project, of_user)] == [404, 200]
    assert world("DELETE", f"/v3/users/{owner}").status == 204
    assert world("GET", f"/v3/credentials/{of_user}").status == 404


def test_every_blob_outlives_its_key_once_it_was_migrated(world: World) -> None:
    owner, _ = member(world, "u")
    made = [world.made("/v3/credentials", of(owner, blob=f"secret {each}"))["id"] for each in range(3)]
    keys = world.backend.credential_keys
    for _ in range(4):  # more than there are keys kept
        keys.rotate()
        assert operations.migrate(world.database, keys) == 3
    assert {world.shown(f"/v3/credentials/{each}")["blob"] for each in made} == {f"secret {each}" for each in range(3)}


# --- EC2 keys --------------------------------------------------------------------------------------


def test_a_member_makes_keys_of_his_own(world: World) -> None:
    owner, token = member(world, "u")
    home = world.shown("/v3/projects?name=demo")[0]["id"]
    path = f"/v3/users/{owner}/credentials/OS-EC2"
    made = world.made(path, {"tenant_id": home}, token=token)
    assert (made["user_id"], made["tenant_id"], made["trust_id"]) == (owner, home, None)
    assert made["links"]["self"].endswith(f"{path}/{made['access']}")
    assert world.shown(path, token=token) == [made]
    assert world.shown(f"{path}/{made['access']}", token=token) == made
    stored = world.shown(f"/v3/credentials/{hashlib.sha256(made['access'].encode()).hexdigest()}", token=token)
    assert (stored["type"], json.loads(stored["blob"])["secret"]) == ("ec2", made["secret"])
    assert world("DELETE", f"{path}/{made['access']}", token=token).status == 204
    assert world("GET", f"{path}/{made['access']}", token=token).status == 404
    assert world("POST", path, {"tenant_id": "nope"}, token=token).status == 404


def test_nobody_makes_or_takes_keys_of_another(world: World) -> None:
    owner, token = member(world, "u")
    other, others = member(world, "other")
    home = world.shown("/v3/projects?name=demo")[0]["id"]
    path = f"/v3/users/{owner}/credentials/OS-EC2"
    made = world.made(path, {"tenant_id": home}, token=token)
    assert world("POST", path, {"tenant_id": home}, token=others).status == 403
    assert world("GET", path, token=others).status == 403
    # Whose a key is says the database: a path with the caller's own id does not make it his.
    for where in (path, f"/v3/users/{other}/credentials/OS-EC2"):
        assert world("GET", f"{where}/{made['access']}", token=others).status == 403
        assert world("DELETE", f"{where}/{made['access']}", token=others).status == 403
    shown = world.shown(f"/v3/users/{other}/credentials/OS-EC2/{made['access']}")
    assert (shown["user_id"], shown["links"]) == (owner, made["links"])
    assert world("GET", f"/v3/users/nobody/credentials/OS-EC2/{made['access']}").status == 404
