"""Rescue: the server boots from another image, to mend what is wrong on its own disk. Unrescue: and back."""

from __future__ import annotations

import msgspec

from pileus.compute.messages import Rescue, Unrescue
from pileus.compute.model.server import ImageSnapshot, Server, VmState
from pileus.compute.workflows.guest import access_to, spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.one_order import one_order
from pileus.compute.workflows.order import heading
from pileus.kit.workflow import Run, StepFailed


def _rescue(run: Run, means: Means, server: Server) -> Rescue:
    image = msgspec.convert(run.arguments["image"], ImageSnapshot | None)
    if image is None:
        raise StepFailed("The server has no image to boot from.")
    return Rescue(**heading(run), guest=spec_of(means, server, image), image=access_to(means, image))


RESCUE = one_order("rescue", _rescue, vm_state=VmState.RESCUED)
UNRESCUE = one_order("unrescue", lambda run, _means, _server: Unrescue(**heading(run)), vm_state=VmState.ACTIVE)
