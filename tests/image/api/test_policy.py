from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pileus.image.policy import ANYBODY_KNOWN, DEFAULTS, scopes_of
from pileus.image.service import new_service
from pileus.kit.context import Context
from pileus.kit.http.app import App
from pileus.kit.policy import ANY_SCOPE, Policy
from tests.image.bench import ADMIN, OTHER, READER, Site, TinyAuthenticator

GLANCE = json.loads((Path(__file__).parents[2] / "golden" / "glance_rules.json").read_text())
"""The rules of Glance 33, as its own registry of policies lists them."""

SERVICE = "p-service:service"
FETCH_AND_FILL = ("get_image", "get_images", "download_image", "download_from_store", "upload_image", "delete_image")
ALSO_FOR_SERVICES = {
    **dict.fromkeys(FETCH_AND_FILL, " or rule:service_api"),
    "add_image": " or (role:service and project_id:%(owner)s)",
}


def test_every_rule_that_the_original_has_says_what_it_says_there() -> None:
    expected = {
        name: rule["check"] + ALSO_FOR_SERVICES.get(name, "") for name, rule in GLANCE.items() if name in DEFAULTS
    }
    assert {name: text for name, text in DEFAULTS.items() if name in GLANCE} == expected


def test_a_rule_that_the_original_lacks_guards_what_needs_no_more_than_a_token() -> None:
    assert {text for name, text in DEFAULTS.items() if name not in GLANCE} == {ANYBODY_KNOWN}


def test_every_rule_is_for_tokens_of_the_same_scopes_as_there() -> None:
    expected = {name: frozenset(rule["scopes"]) or ANY_SCOPE for name, rule in GLANCE.items() if name in DEFAULTS}
    assert {name: scopes_of(name) for name in expected} == expected


def test_a_services_role_is_enough_for_bytes_and_no_more(site: Site) -> None:
    image_id = site.create_raw(visibility="private")
    assert site.upload(image_id, b"x", token=SERVICE).status == 204
    assert site.download(image_id, token=SERVICE).body == b"x"
    assert site.patch(image_id, {"op": "add", "path": "/a", "value": "b"}, token=SERVICE).status == 403
    assert site.call("GET", f"/v2/images/{image_id}/members", token=SERVICE).status == 403


def test_a_service_makes_images_of_its_own_and_of_nobody_else(site: Site) -> None:
    mine, other = ({"name": "disk", "owner": owner} for owner in ("p-service", "p-own"))
    assert site.call("POST", "/v2/images", mine, token=SERVICE).status == 201
    assert site.call("POST", "/v2/images", other, token=SERVICE).status == 403


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("policy.yaml", '"get_image": "role:admin"\n"modify_image": "role:reader and \'yes\':%(open)s"\n'),
        ("policy.json", '{"get_image": "role:admin", "modify_image": "role:reader and \'yes\':%(open)s"}'),
    ],
)
def test_an_operators_file_counts(site: Site, tmp_path: Path, file: str, text: str) -> None:
    image_id, public = site.create(), site.create(token=ADMIN, visibility="public", open="yes")
    (tmp_path / file).write_text(text)
    site.app = App(new_service(site.backend, TinyAuthenticator(), policy_file=tmp_path / file))
    assert site.call("GET", f"/v2/images/{image_id}").status == 404
    assert site.names() == []
    assert len(site.names(token=ADMIN)) == 2
    assert site.patch(public, {"op": "add", "path": "/a", "value": "b"}, token=ADMIN).status == 200
    changed = tmp_path / file
    changed.write_text(text.replace("role:admin", "role:reader"))
    os.utime(changed, (1, 1))
    assert site.get(image_id, READER)["id"] == image_id
    assert site.patch(public, {"op": "add", "path": "/a", "value": "c"}, token=OTHER).status == 200
    assert site.patch(image_id, {"op": "add", "path": "/a", "value": "c"}, token=OTHER).status == 404


def test_a_token_of_another_scope_than_a_project_is_good_for_no_image(site: Site) -> None:
    policy = Policy(DEFAULTS, scopes=scopes_of)
    for context in (
        Context(user_id="u", is_system=True, roles=frozenset({"admin"})),
        Context(user_id="u", domain_id="d", roles=frozenset({"admin"})),
    ):
        assert not policy.check("get_images", context, {"project_id": None}).is_allowed
        assert policy.check("get_schema", context, {}).is_allowed
