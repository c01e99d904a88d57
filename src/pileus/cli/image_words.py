"""How to speak of what an audit of images finds."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.cli.audit_table import Words
from pileus.image.model.audit import (
    Finding,
    HollowImage,
    MissingObject,
    OrphanedObject,
    StaleCopy,
    StuckImage,
    WrongSize,
    is_mendable,
)

ADVICE: Mapping[type[Finding], str] = {
    OrphanedObject: "orphaned bytes: a name that no upload gives; move away what you have put there",
    MissingObject: "missing bytes: put the object back from a backup, or delete the image",
    WrongSize: "wrong size: put the object back from a backup, or delete the image",
    HollowImage: "no bytes: delete the image",
}


def _words(finding: Finding) -> tuple[str, str]:
    """Return which thing a finding is about, and what is the matter with it."""
    match finding:
        case OrphanedObject():
            return finding.key, f"in store {finding.store}, and no image's"
        case MissingObject():
            return finding.image_id, f"its object {finding.key} is not in store {finding.store}{_copy(finding)}"
        case WrongSize():
            found = f"{finding.found} bytes in store {finding.store}, and not {finding.size}"
            return finding.image_id, f"its object {finding.key} has {found}{_copy(finding)}"
        case HollowImage():
            return finding.image_id, f"is '{finding.status}' and in no store"
        case StuckImage():
            return finding.image_id, f"is '{finding.status}', and whoever was at it is gone"
        case StaleCopy():
            return finding.name, "in this host's cache, and of no use"


def _copy(finding: MissingObject | WrongSize) -> str:
    return "; there is another copy" if finding.has_other_copy else ""


WORDS: Words[Finding] = Words(_words, is_mendable, ADVICE)
