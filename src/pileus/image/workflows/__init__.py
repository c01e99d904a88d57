"""Everything image does that takes longer than a request."""

from pileus.image.workflows.imports import IMPORT
from pileus.image.workflows.location import LOCATION

WORKFLOWS = (IMPORT, LOCATION)
