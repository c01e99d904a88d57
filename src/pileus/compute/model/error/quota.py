"""Refusals about quotas, and the projects that have them."""

from __future__ import annotations

from pileus.kit.errors import Forbidden, Invalid


class QuotaExceeded(Forbidden):
    """The project's quota does not allow so much more."""

    message = "Quota exceeded for {resource}: Requested {requested}, but already used {used} of {limit} {resource}"


class QuotaBelowUse(Invalid):
    """A project uses more already than the new quota would allow."""

    message = "Quota limit {maximum} for {resource} must be greater than or equal to already used and reserved {used}."


class QuotaAboveProject(Invalid):
    """A user would be let use more than his project, beside what its other users were given."""

    message = "Quota limit {maximum} for {resource} must be less than or equal to {most}."


class ProjectInvalid(Invalid):
    """The identity service has no such project."""

    message = "Project ID {project_id} is not a valid project."
