"""What a person sees when the cloud is up."""

from __future__ import annotations

from rich.console import Console

from pileus.kit.state import StateDirectory
from pileus.wiring.settings import PATH_OF


def show(state: StateDirectory, *, seconds: float, is_new: bool, is_detached: bool) -> None:
    """Print where everything is and what to do next."""
    console = Console(highlight=False)
    said = state.said()
    made = "a new cloud" if is_new else "the cloud"
    console.print(f"\n[bold green]☁ Pileus[/] started {made} in {seconds:.1f} s\n")
    if said["identity"]:
        console.print(f"  [bold]{'identity':11}[/]{said['identity']}[dim]  (not this cloud's own)[/]", soft_wrap=True)
    for service, url in said["urls"].items():
        console.print(f"  [bold]{service:11}[/]{url}{PATH_OF[service]}", soft_wrap=True)
    console.print(f"  [dim]{'region':11}{said['region']}[/]", soft_wrap=True)
    console.print(f"  [dim]{'state':11}{state.path}[/]", soft_wrap=True)
    console.print(f"  [dim]{'log':11}{state.log}[/]", soft_wrap=True)
    stop = "pileus down" if is_detached else "Ctrl-C, or pileus down"
    console.print(
        f"\n{_how_to_log_in(state, has_member=not said['identity'])}"
        f"  Stop it:     [cyan]{stop}{_state_option(state)}[/]        (guests go on, the next start adopts them)\n",
        soft_wrap=True,
    )


def _how_to_log_in(state: StateDirectory, *, has_member: bool) -> str:
    if not state.clouds_yaml.exists():
        return "  Talk to it:  as a user of that identity service\n"
    member = "        (OS_CLOUD=pileus-demo is a plain member)" if has_member else ""
    return (
        f"  Talk to it:  [cyan]export OS_CLIENT_CONFIG_FILE={state.clouds_yaml} OS_CLOUD=pileus[/]\n"
        f"               [cyan]openstack catalog list[/]{member}\n"
    )


def _state_option(state: StateDirectory) -> str:
    return "" if state.path == StateDirectory.default().path else f" --state {state.path}"
