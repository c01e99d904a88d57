from __future__ import annotations

from pileus.compute.agent.own_address import own_address


def test_a_host_has_the_address_from_which_it_reaches_another() -> None:
    assert own_address("127.0.0.1") == "127.0.0.1"


def test_where_no_way_leads_its_address_is_not_known() -> None:
    assert own_address("255.255.255.255") == ""
