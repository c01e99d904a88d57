"""Everything compute does that takes longer than a request, or more than one party."""

from pileus.compute.workflows import power
from pileus.compute.workflows.boot import BOOT
from pileus.compute.workflows.confirm_resize import CONFIRM_RESIZE
from pileus.compute.workflows.delete import DELETE
from pileus.compute.workflows.evacuate import EVACUATE
from pileus.compute.workflows.live_migrate import LIVE_MIGRATE
from pileus.compute.workflows.rebuild import REBUILD
from pileus.compute.workflows.rescue import RESCUE, UNRESCUE
from pileus.compute.workflows.resize import RESIZE
from pileus.compute.workflows.revert_resize import REVERT_RESIZE
from pileus.compute.workflows.shelve import SHELVE, SHELVE_HERE, SHELVE_OFFLOAD
from pileus.compute.workflows.snapshot import BACKUP, SNAPSHOT
from pileus.compute.workflows.unclaimed_image import UNCLAIMED_IMAGE
from pileus.compute.workflows.unshelve import UNSHELVE, UNSHELVE_HERE

WORKFLOWS = (
    BOOT, DELETE, *power.WORKFLOWS, REBUILD, RESCUE, UNRESCUE, RESIZE, CONFIRM_RESIZE, REVERT_RESIZE, LIVE_MIGRATE,
    EVACUATE, SHELVE, SHELVE_HERE, SHELVE_OFFLOAD, UNSHELVE, UNSHELVE_HERE, SNAPSHOT, BACKUP, UNCLAIMED_IMAGE,
)  # fmt: skip
