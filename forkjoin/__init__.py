"""The public face of forkjoin for Python programs: open a store, start runs, follow and repair them.

`forkjoin.authoring` is what task code imports, `forkjoin.errors` what may be raised, `forkjoin.records` what is
returned. Every name is loaded when it is first used, so that `import forkjoin` and the command line stay light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forkjoin import authoring, errors, records
    from forkjoin.errors import ForkjoinError
    from forkjoin.store import Store, open_store
    from runtime.operations.commands import Commands
    from runtime.operations.queries.queries import Queries
    from runtime.settings import Settings

__all__ = [
    "Commands",
    "ForkjoinError",
    "Queries",
    "Settings",
    "Store",
    "authoring",
    "errors",
    "open_store",
    "records",
]

_MODULE_OF = {
    "Commands": "runtime.operations.commands",
    "ForkjoinError": "forkjoin.errors",
    "Queries": "runtime.operations.queries.queries",
    "Settings": "runtime.settings",
    "Store": "forkjoin.store",
    "open_store": "forkjoin.store",
}
_MODULES = ("authoring", "errors", "records")

# What a type checker saw here would hide names that do not exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return import_module(f"forkjoin.{name}")
        if name in _MODULE_OF:
            return getattr(import_module(_MODULE_OF[name]), name)
        raise AttributeError(f"module 'forkjoin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
