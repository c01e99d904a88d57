"""Everything image does that takes longer than a request."""

from pileus.image.workflows.imports import IMPORT
from pileus.image.workflows.location import LOCATION, LOOK

WORKFLOWS = (IMPORT, LOCATION, LOOK)
