"""The language of mappings: from what an identity provider asserts to a user, groups and projects of ours.

A rule has `remote` requirements, which an assertion must meet all, and `local` parts, which then hold. A requirement
that neither asks `any_one_of` nor `not_any_of` binds what the assertion says: the first is `{0}` in the local parts,
the next `{1}`. An assertion's value may be several, separated by semicolons.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pileus.identity.model.extension_errors import (
    AssertionUnmapped,
    GroupsWithoutDomain,
    MatchMissing,
    ProjectsMalformed,
)

DEFAULT_VERSION = "1.0"
VERSIONS = ("1.0", "2.0", "3.0")
"""Since 2.0 a `domain` beside a user or projects is theirs where they name none; 3.0 knows `projects_json`."""

EPHEMERAL = "ephemeral"
_JSON = "JSON:"
_PLACE = re.compile(r"\{\{|\}\}|\{(\d+)\}")

Values = Sequence[str]
Local = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """Who an assertion is about, in our terms."""

    user: dict[str, Any]  # type, and of id, name, email and domain what the rules say
    group_ids: tuple[str, ...] = ()
    group_names: tuple[dict[str, Any], ...] = ()  # each a name and a domain
    projects: tuple[dict[str, Any], ...] = ()  # each a name, roles and, since 2.0, a domain


def evaluate(
    rules: Iterable[Mapping[str, Any]], assertion: Mapping[str, str], *, version: str = DEFAULT_VERSION
) -> Mapped:
    """Return what the rules make of an assertion.

    Raises AssertionUnmapped if no rule applies, MatchMissing, GroupsWithoutDomain, ProjectsMalformed.
    """
    split = {name: text.split(";") for name, text in assertion.items()}
    locals_: list[Local] = []
    for rule in rules:
        bound = _bind(rule["remote"], split)
        if bound is not None:
            locals_ += [_fill(local, bound) for local in rule["local"]]
    if not locals_:
        raise AssertionUnmapped
    return _merge(locals_, version)


# --- remote ---------------------------------------------------------------------------------------


def _bind(requirements: Iterable[Mapping[str, Any]], assertion: Mapping[str, Values]) -> list[Values] | None:
    """Return what `{0}`, `{1}`… stand for; None if a requirement is not met."""
    bound: list[Values] = []
    for requirement in requirements:
        values = assertion.get(requirement["type"])
        if not values:
            return None
        matches = _matcher(requirement)
        if "any_one_of" in requirement:
            if not any(map(matches, values)):
                return None
        elif "not_any_of" in requirement:
            if any(map(matches, values)):
                return None
        elif "blacklist" in requirement:
            bound.append([value for value in values if not matches(value)])
        elif "whitelist" in requirement:
            bound.append([value for value in values if matches(value)])
        else:
            bound.append(values)
    return bound


_CONDITIONS = ("any_one_of", "not_any_of", "blacklist", "whitelist")


def _matcher(requirement: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return what tells whether a value is in the requirement's list, or found by one of its patterns."""
    wanted: Values = next((requirement[name] for name in _CONDITIONS if name in requirement), [])
    if requirement.get("regex"):
        return lambda value: any(re.search(pattern, value) for pattern in wanted)
    return lambda value: value in wanted


# --- local ----------------------------------------------------------------------------------------


def _fill(part: Local, bound: Sequence[Values]) -> Local:
    """Return a local part with what its places stand for; the lists in it as lists."""
    filled: Local = {}
    for name, value in part.items():
        if name in ("groups", "group_ids"):
            filled[name] = _list(value, bound)
        elif name == "projects_json":
            filled[name] = _projects(";".join(_list(value, bound)))
        elif isinstance(value, dict):
            filled[name] = _fill(value, bound)
        elif isinstance(value, list):
            filled[name] = [_fill(each, bound) for each in value]
        else:
            filled[name] = _text(value, bound)
    return filled


def _text(template: str, bound: Sequence[Values]) -> str:
    """Fill the places in a text; several values are shown as a list."""

    def fill(place: re.Match[str]) -> str:
        if place[1] is None:
            return place[0][0]  # a doubled brace is a brace
        values = _values(int(place[1]), bound)
        if not values:
            raise MatchMissing(template=template)
        return values[0] if len(values) == 1 else str(list(values))

    return _PLACE.sub(fill, template)


def _list(template: str, bound: Sequence[Values]) -> list[str]:
    """Fill a text that stands for a list: `{0}` alone is all its values, and the rule itself may write a list."""
    alone = re.fullmatch(r"\{(\d+)\}", template)
    if alone is not None:
        return list(_values(int(alone[1]), bound))
    return [_text(each, bound) for each in _written_list(template)]


def _written_list(template: str) -> list[str]:
    # Only what the administrator wrote is read as a list, never what an assertion says.
    try:
        written = ast.literal_eval(template)
    except (ValueError, SyntaxError):
        return [template]
    return written if isinstance(written, list) and all(isinstance(each, str) for each in written) else [template]


def _values(place: int, bound: Sequence[Values]) -> Values:
    if place >= len(bound):
        raise MatchMissing(template=f"{{{place}}}")
    return bound[place]


def _projects(text: str) -> list[dict[str, Any]]:
    """Read projects that the identity provider itself lists."""
    try:
        projects = json.loads(text)
    except ValueError:
        raise ProjectsMalformed from None
    if not isinstance(projects, list) or not all(map(_is_project, projects)):
        raise ProjectsMalformed
    return projects


def _is_project(project: Any) -> bool:
    return (
        isinstance(project, dict)
        and project.keys() <= {"name", "roles", "domain"}
        and isinstance(project.get("name"), str)
        and isinstance(project.get("roles"), list)
        and all(map(_is_role, project["roles"]))
        and ("domain" not in project or _is_domain(project["domain"]))
    )


def _is_role(role: Any) -> bool:
    return isinstance(role, dict) and role.keys() == {"name"} and isinstance(role["name"], str)


def _is_domain(domain: Any) -> bool:
    return (
        isinstance(domain, dict)
        and domain.keys() <= {"id", "name"}
        and all(isinstance(value, str) for value in domain.values())
    )


# --- together -------------------------------------------------------------------------------------


def _merge(locals_: Sequence[Local], version: str) -> Mapped:
    """Return all local parts as one: the first user, all groups, the projects that were named last."""
    user: dict[str, Any] = next((dict(part["user"]) for part in locals_ if part.get("user")), {})
    user.setdefault("type", EPHEMERAL)
    if version != DEFAULT_VERSION:
        named = [part["domain"] for part in locals_ if "domain" in part]
        user["domain"] = user.get("domain") or (named[-1] if named else None)
    group_ids: dict[str, None] = {}
    group_names: list[dict[str, Any]] = []
    projects: list[dict[str, Any]] = []
    for part in locals_:
        group_ids |= dict.fromkeys(part.get("group_ids", ()))
        group = part.get("group", {})
        if "id" in group:
            group_ids[group["id"]] = None
        named_groups = [*([group] if "name" in group else ()), *_named_groups(part)]
        group_names += [each for each in named_groups if each not in group_names]
        if "projects" in part or "projects_json" in part:
            projects = _projects_of(part, version)
    return Mapped(user=user, group_ids=tuple(group_ids), group_names=tuple(group_names), projects=tuple(projects))


def _named_groups(part: Local) -> list[dict[str, Any]]:
    """Return the groups of `groups`: names in the part's domain, or documents that have their own."""
    return [_named_group(text, part) for text in part.get("groups", ())]


def _named_group(text: str, part: Local) -> dict[str, Any]:
    if not text.startswith(_JSON):
        if "domain" not in part:
            raise GroupsWithoutDomain(rule=part)
        return {"name": text, "domain": part["domain"]}
    try:
        group = json.loads(text.removeprefix(_JSON))
    except ValueError:
        group = None
    if not isinstance(group, dict) or not isinstance(group.get("name"), str) or not _is_domain(group.get("domain")):
        raise GroupsWithoutDomain(rule=part)
    return {"name": group["name"], "domain": group["domain"]}


def _projects_of(part: Local, version: str) -> list[dict[str, Any]]:
    projects = [*part.get("projects", ()), *part.get("projects_json", ())]
    if version == DEFAULT_VERSION:
        return projects
    return [{**project, "domain": project.get("domain") or part.get("domain")} for project in projects]
