"""The free names of a JavaScript expression, found by parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

MAXIMUM_NODES = 20_000
_ESCAPE = re.compile(r"\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,5})\})")
_FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "generator_function", "method_definition", "function_declaration",
     "generator_function_declaration"}
)  # fmt: skip
_BLOCKS = frozenset(
    {"statement_block", "for_statement", "for_in_statement", "catch_clause", "class", "class_declaration",
     "class_static_block", "switch_body"}
)  # fmt: skip
_DECLARED_BY_NAME = frozenset({"function_declaration", "generator_function_declaration", "class_declaration"})
_USES = frozenset({"identifier", "shorthand_property_identifier"})
_BINDS = frozenset({"identifier", "shorthand_property_identifier_pattern"})


def free_names(code: str) -> list[str]:
    """Names an expression uses and does not declare, each once, in order; `typeof x` does not use x.

    Empty where the parser does not understand code that the engine accepts, so that no name is reported by mistake.
    """
    tree = _parser().parse(f"(() => ({code}\n))".encode())
    if tree.root_node.has_error:
        return []
    found: dict[str, None] = {}
    # Each entry is a node and the names that are declared around it.
    waiting: list[tuple[Any, frozenset[str]]] = [(tree.root_node, frozenset())]
    left = MAXIMUM_NODES
    while waiting and left:
        left -= 1
        node, around = waiting.pop()
        if node.type in _USES:
            name = _text(node)
            if name not in around:
                found.setdefault(name)
            continue
        if node.type == "unary_expression" and node.children[0].type == "typeof":
            argument = node.child_by_field_name("argument")
            if argument is not None and argument.type == "identifier":
                continue
        if node.type in _FUNCTIONS or node.type in _BLOCKS:
            around = around | frozenset(_declared(node))
        waiting.extend((child, around) for child in reversed(node.children))
    return list(found) if left else []


def _declared(node: Any) -> Iterator[str]:
    """The names a function or block declares for what is in it."""
    if node.type in _FUNCTIONS:
        yield "arguments"
        for field in ("name", "parameter", "parameters"):
            part = node.child_by_field_name(field)
            if part is not None and part.type != "property_identifier":
                yield from _bound(part)
    elif node.type in ("class", "class_declaration", "for_in_statement", "catch_clause"):
        for field in ("name", "left", "parameter"):
            part = node.child_by_field_name(field)
            if part is not None:
                yield from _bound(part)
    whole = node.type in _FUNCTIONS
    waiting = list(node.children)
    while waiting:
        part = waiting.pop()
        if part.type in _DECLARED_BY_NAME:
            yield from _bound(part.child_by_field_name("name"))
        elif part.type == ("variable_declaration" if whole else "lexical_declaration"):
            for declarator in part.named_children:
                if declarator.type == "variable_declarator":
                    yield from _bound(declarator.child_by_field_name("name"))
        # `var` and functions are seen in the whole function, all else in its block alone.
        if part.type not in _FUNCTIONS and (whole or part.type not in _BLOCKS):
            waiting.extend(part.children)


def _bound(pattern: Any) -> Iterator[str]:
    """The names a pattern binds; its defaults and computed keys are uses, not names."""
    if pattern.type in _BINDS:
        yield _text(pattern)
    elif pattern.type in ("assignment_pattern", "object_assignment_pattern"):
        yield from _bound(pattern.child_by_field_name("left"))
    elif pattern.type == "pair_pattern":
        yield from _bound(pattern.child_by_field_name("value"))
    elif pattern.type in ("formal_parameters", "array_pattern", "object_pattern", "rest_pattern"):
        for part in pattern.named_children:
            yield from _bound(part)


def _text(node: Any) -> str:
    text = str(node.text.decode("utf-8", "replace"))
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text) if "\\" in text else text


@cache
def _language() -> Any:
    import tree_sitter
    import tree_sitter_javascript

    return tree_sitter.Language(tree_sitter_javascript.language())


def _parser() -> Any:
    import tree_sitter

    return tree_sitter.Parser(_language())
