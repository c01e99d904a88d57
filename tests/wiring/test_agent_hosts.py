from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.clients.transport import Transport
from pileus.compute.agent.settings import Settings as AgentSettings
from pileus.kit.state import StateDirectory
from pileus.wiring.agent import HostsNotFake, new_agent, new_bus, require_driver
from pileus.wiring.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_one_machine_is_several_hosts_only_if_they_are_fake() -> None:
    require_driver(AgentSettings(driver="fake", hosts=2))
    with pytest.raises(HostsNotFake):
        require_driver(AgentSettings(driver="libvirt", hosts=2))


def test_each_fake_host_has_a_name_and_guests_of_its_own(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.prepare()
    settings = Settings(agent=AgentSettings(driver="fake", hosts=2, host="box"))
    bus, transport = new_bus(settings), Transport()
    agents = [new_agent(settings, state, bus, transport, number) for number in (1, 2)]
    assert [agent.host for agent in agents] == ["box", "box-2"]
    assert (tmp_path / "instances").is_dir()
    assert (tmp_path / "hosts" / "2" / "instances").is_dir()
    for agent in agents:
        agent.stop()
    bus.close()
    transport.close()
