"""A kind of import contract that import-linter lacks: the whole list of what some modules may import."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grimp import ImportGraph
    from importlinter.domain.imports import ModuleExpression


class OnlyContract(Contract):
    """These modules import themselves, what is in `allowed`, the standard library, and nothing else.

    Both lists name packages and mean everything inside them too. With `any_distribution`, packages of other people
    are allowed as well.
    """

    type_name = "only"

    modules = fields.ListField(subfield=fields.ModuleExpressionField())
    allowed = fields.ListField(subfield=fields.ModuleExpressionField())
    any_distribution = fields.BooleanField(required=False, default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        strays = list(self._find_strays(graph))
        return ContractCheck(kept=not strays, metadata={"strays": strays})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, line in check.metadata["strays"]:
            output.print_error(f"- {importer}:{line} imports {imported}", bold=False)

    def _find_strays(self, graph: ImportGraph) -> Iterator[tuple[str, str, int]]:
        allowed = _expand(graph, cast("list[ModuleExpression]", self.allowed))
        for root in sorted(_match(graph, cast("list[ModuleExpression]", self.modules))):
            own = _family(graph, root)
            for importer in sorted(own):
                for imported in sorted(graph.find_modules_directly_imported_by(importer) - own - allowed):
                    if not self._is_outside_and_allowed(imported):
                        line = graph.get_import_details(importer=importer, imported=imported)[0]["line_number"]
                        yield importer, imported, line

    def _is_outside_and_allowed(self, module: str) -> bool:
        root = module.partition(".")[0]
        is_ours = root in cast("list[str]", self.session_options["root_packages"])
        return not is_ours and (bool(self.any_distribution) or root in sys.stdlib_module_names)


def _match(graph: ImportGraph, expressions: list[ModuleExpression]) -> set[str]:
    return {module for each in expressions for module in graph.find_matching_modules(each.expression)}


def _family(graph: ImportGraph, module: str) -> set[str]:
    return {module} if graph.is_module_squashed(module) else {module} | graph.find_descendants(module)


def _expand(graph: ImportGraph, expressions: list[ModuleExpression]) -> set[str]:
    return {member for module in _match(graph, expressions) for member in _family(graph, module)}
