from __future__ import annotations

from pileus.compute.api.versions import HISTORY
from tests.compute.cloud import Cloud, message_of


def test_anybody_may_read_the_version_documents(cloud: Cloud) -> None:
    old, version = cloud.ask("GET", "/", who="").decoded()["versions"]
    assert (old["id"], old["status"], old["min_version"], old["version"]) == ("v2.0", "DEPRECATED", "", "")
    assert (version["id"], version["status"], version["min_version"]) == ("v2.1", "CURRENT", "2.1")
    for path, shown in (("/v2", old), ("/v2/", old), ("/v2.1", version), ("/v2.1/", version)):
        document = cloud.ask("GET", path, who="").decoded()["version"]
        assert (document["id"], document["links"][0]) == (shown["id"], shown["links"][0])
        assert document["media-types"]
    choices = cloud.ask("GET", "/v2.0", who="")
    assert choices.status == 300
    assert [choice["links"][0]["href"] for choice in choices.decoded()["choices"]] == [
        "http://compute.example/v2/v2.0", "http://compute.example/v2.1/v2.0",
    ]  # fmt: skip


def test_a_version_is_shown_by_its_name_to_who_has_a_token(cloud: Cloud) -> None:
    shown = cloud.ask("GET", "/v2.1/versions/v2.1?colour=red", version="2.104").decoded()
    assert shown == cloud.ask("GET", "/v2.1/", who="").decoded()
    assert cloud.get("/v2.1/versions/v2.0")["version"]["status"] == "DEPRECATED"
    assert cloud.get("/v2/versions/anything")["version"]["id"] == "v2.0"
    assert cloud.ask("GET", "/v2.1/versions/v2").status == 404
    assert cloud.ask("GET", "/v2.1/versions/v2.1", who="").status == 401


def test_v2_is_the_oldest_version_under_an_older_name(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    headers = {"openstack-api-version": "compute 2.100"}
    reply = cloud.ask("GET", f"/v2/p-one/servers/{server_id}", headers=headers)
    document = reply.decoded()["server"]
    assert "openstack-api-version" not in reply.headers
    assert "tags" not in document
    assert document["links"][0]["href"] == f"http://compute.example/v2/p-one/servers/{server_id}"
    assert cloud.ask("GET", f"/v2/servers/{server_id}").status == 200


def test_every_microversion_is_named_and_the_newest_is_told(cloud: Cloud) -> None:
    assert {change.version.minor for change in HISTORY.changes} == set(range(2, 105))
    shown = cloud.ask("GET", "/v2.1/", who="").decoded()["version"]
    assert (shown["min_version"], shown["version"]) == ("2.1", "2.104")
    assert [link["rel"] for link in shown["links"]] == ["self", "describedby"]
    reply = cloud.ask("GET", "/flavors", version="latest")
    assert reply.headers["openstack-api-version"] == "compute 2.104"


def test_unknown_query_parameters_are_refused_in_the_end(cloud: Cloud) -> None:
    assert cloud.ask("GET", "/extensions?colour=red&size=1", version="2.101").status == 200
    reply = cloud.ask("GET", "/extensions?size=1&colour=red", version="2.102")
    assert message_of(reply) == "Additional properties are not allowed ('colour', 'size' were unexpected)"


def test_a_reply_tells_its_version(cloud: Cloud) -> None:
    reply = cloud.ask("GET", "/flavors", headers={"openstack-api-version": "compute 2.1"})
    assert reply.headers["openstack-api-version"] == "compute 2.1"
    assert reply.headers["x-openstack-nova-api-version"] == "2.1"
    assert reply.headers["vary"] == "OpenStack-API-Version, X-OpenStack-Nova-API-Version"
    assert reply.headers["x-compute-request-id"] == reply.headers["x-openstack-request-id"]


def test_a_version_that_is_not_there_is_not_acceptable(cloud: Cloud) -> None:
    reply = cloud.ask("GET", "/flavors", headers={"x-openstack-nova-api-version": "2.999"})
    assert reply.status == 406
    assert message_of(reply).startswith("Version 2.999 is not supported by the API. Minimum is 2.1")
    assert cloud.ask("GET", "/flavors", headers={"openstack-api-version": "compute two"}).status == 400
    assert cloud.ask("GET", "/flavors", headers={"openstack-api-version": "placement 1.30"}).status == 200


def test_a_stranger_learns_nothing(cloud: Cloud) -> None:
    assert cloud.ask("GET", "/servers", who="").status == 401
    assert cloud.ask("GET", "/nonsense/x", who="").status == 401
    assert cloud.ask("GET", "/nonsense/x").status == 404
