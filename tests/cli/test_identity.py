from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from pileus.cli.database import command as database_command
from pileus.cli.identity import command
from pileus.identity.db import catalog, failed_auth, generation, user
from pileus.identity.model.resource import DEFAULT_DOMAIN_ID
from pileus.identity.operations import bootstrap
from pileus.identity.tokens.password import verify
from pileus.kit.db import Database
from pileus.kit.state import StateDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from pileus.kit.db import Transaction

FAST = {"PILEUS_IDENTITY__PASSWORD_HASH_ROUNDS": "4"}


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    made = StateDirectory(tmp_path / "state")
    assert run(made, "bootstrap", OS_BOOTSTRAP_PASSWORD="chosen").exit_code == 0
    return made


def run(state: StateDirectory, *words: str, **environment: str) -> Result:
    return CliRunner().invoke(command, [*words, "--state", str(state.path)], env={**FAST, **environment})


def lets_in(state: StateDirectory, name: str, password: str) -> bool:
    database = Database(state.database_url("identity"))
    with database.read() as tx:
        found = user.find_by_name(tx, name, DEFAULT_DOMAIN_ID)
    database.close()
    assert found is not None
    assert found.password_hash is not None
    return found.is_enabled and verify(password, found.password_hash)


def troubles(state: StateDirectory, **environment: str) -> dict[str, list[dict[str, Any]]]:
    done = run(state, "doctor", "--json", **environment)
    return {one["check"]: one["troubles"] for one in json.loads(done.stdout)}


def number(state: StateDirectory) -> int:
    database = Database(state.database_url("identity"))
    try:
        return generation.glance(database)
    finally:
        database.close()


def test_what_is_written_beside_a_running_identity_begins_a_generation(state: StateDirectory) -> None:
    seen = [number(state)]
    done = CliRunner().invoke(database_command, ["purge", "identity", "--state", str(state.path)])
    assert done.exit_code == 0, done.output
    seen.append(number(state))
    assert seen[0] < seen[1]


def test_bootstrap_lets_an_administrator_in_and_may_be_run_again(state: StateDirectory) -> None:
    assert lets_in(state, "admin", "chosen")
    assert run(state, "bootstrap", OS_BOOTSTRAP_PASSWORD="another").exit_code == 0
    assert lets_in(state, "admin", "another")
    assert state.passwords("admin") == ("another",)
    assert run(state, "bootstrap", "--bootstrap-username", "boss", OS_BOOTSTRAP_PASSWORD="his").exit_code == 0
    assert lets_in(state, "boss", "his")
    assert lets_in(state, "admin", "another")


def test_bootstrap_with_the_password_in_force_keeps_the_tokens_good(state: StateDirectory) -> None:
    def moment() -> object:
        database = Database(state.database_url("identity"))
        with database.read() as tx:
            found = user.find_by_name(tx, "admin", DEFAULT_DOMAIN_ID)
        database.close()
        assert found is not None
        return found.tokens_valid_after

    before = moment()
    assert run(state, "bootstrap", OS_BOOTSTRAP_PASSWORD="chosen").exit_code == 0
    assert moment() == before
    assert run(state, "bootstrap", OS_BOOTSTRAP_PASSWORD="another").exit_code == 0
    assert moment() != before


def test_bootstrap_leaves_the_catalog_to_those_who_listen(state: StateDirectory) -> None:
    database = Database(state.database_url("identity"))
    database.write(bootstrap.bootstrap, [], {"identity": "http://elsewhere:6500/v3"}, "RegionOne")
    assert run(state, "bootstrap", OS_BOOTSTRAP_PASSWORD="another").exit_code == 0
    with database.read() as tx:
        assert {row.url for row in catalog.list_endpoints(tx)} == {"http://elsewhere:6500/v3"}
    database.close()


def test_bootstrap_lets_in_who_is_locked_out_or_whose_password_is_expired(state: StateDirectory) -> None:
    database, long_ago = Database(state.database_url("identity")), datetime(2020, 1, 1)

    def spoil(tx: Transaction) -> None:
        found = user.find_by_name(tx, "admin", DEFAULT_DOMAIN_ID)
        assert found is not None
        user.update(tx, replace(found, is_enabled=False, password_expires_at=long_ago, last_active_at=long_ago))
        failed_auth.count(tx, found.id, long_ago)

    for password in ("another", "another"):
        database.write(spoil)
        assert run(state, "bootstrap", OS_BOOTSTRAP_PASSWORD=password).exit_code == 0
        with database.read() as tx:
            found = user.find_by_name(tx, "admin", DEFAULT_DOMAIN_ID)
            assert found is not None
            assert (found.is_enabled, found.password_expires_at) == (True, None)
            assert found.last_active_at is not None
            assert found.last_active_at > long_ago
            assert failed_auth.read(tx, found.id).count == 0
    database.close()


def test_bootstrap_wants_a_password(tmp_path: Path) -> None:
    assert run(StateDirectory(tmp_path / "none"), "bootstrap").exit_code == 2


def test_one_service_gets_another_password_and_the_others_keep_theirs(state: StateDirectory) -> None:
    before = state.secrets([])
    assert run(state, "rotate-service-password", "image").exit_code == 0
    after = state.secrets([])
    assert {name for name in after if after[name] != before[name]} == {"glance"}
    assert lets_in(state, "glance", after["glance"])
    assert not lets_in(state, "glance", before["glance"])


def test_a_rotation_that_was_cut_short_goes_on_with_the_password_that_it_made(state: StateDirectory) -> None:
    coming = state.stage_password("nova")
    assert state.passwords("nova")[1] == coming
    assert run(state, "rotate-service-password", "compute").exit_code == 0
    assert state.passwords("nova") == (coming,)
    assert lets_in(state, "nova", coming)


def test_the_doctor_finds_what_is_wrong(state: StateDirectory) -> None:
    found = troubles(state, PILEUS_IDENTITY__TOKEN_LIFETIME_S="1000000")
    assert found["keys of tokens"][0]["is_grave"]
    assert "2**4" in found["hashing of passwords"][0]["what"]
    assert "278 hours" in found["lifetime of tokens"][0]["what"]
    assert found["first passwords"] == []
    assert found["service users"] == []

    (state.path / "keys" / "passwords.json").chmod(0o644)
    assert run(state, "bootstrap", OS_BOOTSTRAP_PASSWORD="password").exit_code == 0
    (state.path / "keys" / "passwords.json").chmod(0o644)
    found = troubles(state, PILEUS_IDENTITY__LISTEN__ADDRESS="192.0.2.1")
    assert found["files of keys"][0]["todo"].startswith("chmod go=")
    assert "admin" in found["first passwords"][0]["what"]
    assert [one["is_grave"] for one in found["listening"]] == [True, False]


def test_the_doctor_reads_the_policy_file(state: StateDirectory, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    for text, words in (
        (None, "there is no policy file"),
        ("identity:list_users: 'role:'a", "is not valid"),
        ("identity:list_user: 'role:reader'", "nobody asks for the rule identity:list_user"),
        ("'identity:list_users': 'rule:mine'\n'mine': 'role:reader'", None),
    ):
        if text is not None:
            file.write_text(text)
        found = troubles(state, PILEUS_IDENTITY__POLICY_FILE=str(file))["policy"]
        assert [words in one["what"] for one in found] == ([] if words is None else [True])
        assert not words or found[0]["todo"]


def test_the_doctor_says_for_people_what_to_do_and_fails_if_it_is_grave(state: StateDirectory) -> None:
    done = run(state, "doctor")
    assert done.exit_code == 1
    assert "password_hash_rounds = 12" in done.stdout
    assert "well" in done.stdout
