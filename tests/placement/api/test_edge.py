from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.http.message import Reply
from pileus.placement.api import versions
from pileus.placement.api.routes import ROUTES
from pileus.placement.policy import DEFAULTS

if TYPE_CHECKING:
    from placement.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
MISSING = "/resource_providers/5d0d4ea1-8d3a-44f4-a1a1-6d0a7d4e8f10"


def error(reply: Reply) -> dict[str, Any]:
    return dict(reply.decoded()["errors"][0])


def test_the_version_document_needs_no_token(client: Client) -> None:
    version = client("GET", "/", token="").decoded()["versions"][0]
    assert (version["id"], version["min_version"], version["max_version"]) == (
        "v1.0",
        "1.0",
        str(versions.HISTORY.newest),
    )


@pytest.mark.parametrize(
    ("asked", "status", "spoken"), [("1.4", 200, "1.4"), ("latest", 200, None), ("1.99", 406, "1.0"), ("x", 400, "1.0")]
)
def test_every_reply_says_the_version_that_it_speaks(
    client: Client, asked: str, status: int, spoken: str | None
) -> None:
    reply = client("GET", "/", version=asked)
    assert reply.status == status
    assert reply.headers["openstack-api-version"] == f"placement {spoken or versions.HISTORY.newest}"
    assert reply.headers["vary"] == "openstack-api-version"
    assert reply.headers["x-openstack-request-id"].startswith("req-")


def test_a_version_that_is_not_spoken_is_told_the_range(client: Client) -> None:
    found = error(client("GET", "/resource_providers", version="1.99"))
    assert (found["min_version"], found["max_version"]) == ("1.0", str(versions.HISTORY.newest))


def test_cache_headers_came_with_their_version(client: Client) -> None:
    assert "last-modified" not in client("GET", "/resource_providers", version="1.14").headers
    reply = client("GET", "/resource_providers", version="1.15")
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["last-modified"].endswith(" GMT")


def test_error_codes_came_with_their_version(client: Client) -> None:
    assert "code" not in error(client("GET", MISSING, version="1.22"))
    assert error(client("GET", MISSING, version="1.23"))["code"] == "placement.undefined_code"


def test_no_token_is_401_everywhere_but_at_the_root(client: Client) -> None:
    for row in ROUTES.rows:
        path = row.path.replace("{uuid}", "x").replace("{name}", "VCPU").replace("{consumer_uuid}", "x")
        expected = 200 if row.rule is None else 401
        version = "1.6" if row.until else "latest"
        assert client(row.method, path, token="", version=version).status == expected, row.path


def test_every_route_has_a_policy_rule() -> None:
    assert {row.rule for row in ROUTES.rows if row.rule} == {name for name in DEFAULTS if name.startswith("placement:")}


def test_every_change_is_named_once_and_in_order() -> None:
    assert [change.version.minor for change in versions.HISTORY.changes] == list(
        range(1, versions.HISTORY.newest.minor + 1)
    )


@pytest.mark.parametrize(("token", "status"), [("admin", 200), ("service", 200), ("reader", 403), ("system", 403)])
def test_placement_is_for_admins_and_services(client: Client, token: str, status: int) -> None:
    assert client("GET", "/resource_providers", token=token).status == status


def test_a_reader_sees_the_usage_of_his_own_project(client: Client) -> None:
    assert client("GET", "/usages?project_id=p", token="reader").status == 200
    assert client("GET", "/usages?project_id=q", token="reader").status == 403


def test_policy_comes_before_404_and_404_before_the_body(client: Client) -> None:
    bad = {"cow": "moo"}
    assert client("PUT", f"{MISSING}/inventories", bad, token="reader").status == 403
    assert client("PUT", f"{MISSING}/inventories", bad).status == 404
    host = client.provider("host")
    assert client("PUT", f"/resource_providers/{host}/inventories", bad).status == 400


def test_a_body_that_does_not_fit_is_explained(client: Client) -> None:
    detail = error(client("POST", "/resource_providers", {"cow": "moo"}))["detail"]
    assert detail.startswith("JSON does not validate: ")
    assert "Failed validating" in detail


def test_a_body_must_say_that_it_is_json(client: Client) -> None:
    assert client("POST", "/resource_providers").status == 415
    assert client("POST", "/resource_providers", {"name": "x"}, **{"content-length": "cow"}).status == 400


def test_a_method_that_a_path_never_had_is_405(client: Client) -> None:
    reply = client("GET", "/allocations", version="1.0")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert client("POST", "/allocations", {}, version="1.12").status == 404


def test_only_json_is_provided(client: Client) -> None:
    assert client("GET", "/resource_providers", accept="text/plain").status == 406
    assert client("GET", "/resource_providers", accept="text/html,*/*;q=0.8").status == 200
