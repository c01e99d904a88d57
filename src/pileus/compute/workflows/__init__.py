"""Everything compute does that takes longer than a request, or more than one party."""

from pileus.compute.workflows.boot import BOOT
from pileus.compute.workflows.delete import DELETE
from pileus.compute.workflows.power import REBOOT, START, STOP
from pileus.compute.workflows.snapshot import SNAPSHOT
from pileus.compute.workflows.unclaimed_image import UNCLAIMED_IMAGE

WORKFLOWS = (BOOT, DELETE, START, STOP, REBOOT, SNAPSHOT, UNCLAIMED_IMAGE)
