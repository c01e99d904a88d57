"""What a person sees when the cloud is up."""

from __future__ import annotations

from rich.console import Console

from pileus.kit.state import StateDirectory
from pileus.wiring.settings import PATH_OF


def show(state: StateDirectory, urls: dict[str, str], *, seconds: float, is_new: bool, is_detached: bool) -> None:
    """Print where everything is and what to do next."""
    console = Console(highlight=False)
    made = "a new cloud" if is_new else "the cloud"
    console.print(f"\n[bold green]☁ Pileus[/] started {made} in {seconds:.1f} s\n")
    for service, url in urls.items():
        console.print(f"  [bold]{service:11}[/]{url}{PATH_OF[service]}", soft_wrap=True)
    console.print(f"  [dim]{'state':11}{state.path}[/]", soft_wrap=True)
    console.print(f"  [dim]{'log':11}{state.log}[/]", soft_wrap=True)
    stop = "pileus down" if is_detached else "Ctrl-C, or pileus down"
    console.print(
        f"\n  Talk to it:  [cyan]export OS_CLIENT_CONFIG_FILE={state.clouds_yaml} OS_CLOUD=pileus[/]\n"
        f"               [cyan]openstack catalog list[/]        (OS_CLOUD=pileus-demo is a plain member)\n"
        f"  Stop it:     [cyan]{stop}{_state_option(state)}[/]        (guests go on, the next start adopts them)\n",
        soft_wrap=True,
    )


def _state_option(state: StateDirectory) -> str:
    return "" if state.path == StateDirectory.default().path else f" --state {state.path}"
