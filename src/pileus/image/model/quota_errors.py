"""What can go wrong with quotas, as facts."""

from __future__ import annotations

from pileus.kit.errors import Invalid, TooLarge


class ProjectOverLimit(TooLarge):
    """A project would hold more than the identity service's limits let it."""

    message = "Project {project_id} is over a limit for [{facts}]"


class StorageQuotaFull(TooLarge):
    """A project would hold more bytes than the settings let it."""

    message = (
        "Image exceeds the storage quota: The size of the data {size} will exceed the limit. "
        "{remaining} bytes remaining."
    )


class QuotaInvalid(Invalid):
    """The setting of the storage quota is no size."""

    message = "image.user_storage_quota is '{text}'; it is a number of bytes, or one with B, KB, MB, GB or TB after it"
