"""Refusals about server groups."""

from __future__ import annotations

from pileus.kit.errors import Forbidden, Invalid, NotFound


class ServerGroupNotFound(NotFound):
    """No such server group, or none that the caller may know of."""

    message = "Instance group {group_id} could not be found."


class ServerGroupUnknown(Invalid):
    """A scheduler hint names a server group that does not exist."""

    message = "Instance group {group_id} could not be found."


class ServerGroupLimitExceeded(Forbidden):
    """The project has as many server groups as it may have."""

    message = "Quota exceeded, too many server groups."


class ServerGroupMemberLimitExceeded(Forbidden):
    """The user has as many servers in the group as he may have."""

    message = "Quota exceeded, too many servers in group"


class RulesRefused(Invalid):
    """The policy takes no rules."""

    message = "Only anti-affinity policy supports rules."
