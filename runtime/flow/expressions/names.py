"""The names an expression can use: those of the run, those of JavaScript, and the properties of the state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_BUILT_IN = """
    AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean
    DOMException DataView Date DisposableStack Error EvalError Float16Array Float32Array Float64Array Function
    Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise
    Proxy RangeError ReferenceError Reflect RegExp Set String SuppressedError Symbol SyntaxError TypeError
    URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet atob btoa decodeURI
    decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt
    undefined unescape
"""
_SYNTAX = """
    arguments await break case catch class const continue debugger default delete do else enum export extends
    false finally for function if implements import in instanceof interface let new null package private
    protected public return static super switch this throw true try typeof var void while with yield
"""
RUN_NAMES: Final = ("state", "params", "results", "item", "index", "run", "settled")
"""Names of every expression of a flow."""
REQUEST_NAMES: Final = (*RUN_NAMES, "key", "externalId")
"""Names of templates and readings in the binding of a task, besides `env` where that is allowed."""
GLOBALS: Final = frozenset(_BUILT_IN.split())
"""Global names of JavaScript in the engine."""
_WORDS: Final = frozenset(_SYNTAX.split())
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


class Undefined:
    """The value of a declared property that the state does not have: JavaScript's undefined."""


UNDEFINED: Final = Undefined()


def may_be_bare(name: str) -> bool:
    """Whether a property of the state can be used by its name alone."""
    return _NAME.fullmatch(name) is not None and name not in GLOBALS and name not in _WORDS and name != "env"


def bare_names(state: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of the state, and those its schema declares, that can be used by their names alone."""
    declared = schema.get("properties")
    names: dict[str, Any] = {}
    if isinstance(declared, Mapping):
        names = {name: UNDEFINED for name in declared if may_be_bare(name)}
    names |= {name: value for name, value in state.items() if may_be_bare(name)}
    return names
