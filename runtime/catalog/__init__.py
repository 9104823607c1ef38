"""Finds workflows, keeps the version a run started with, and runs the code of authors in threads of its own."""

from runtime.catalog.catalog import Catalog
from runtime.catalog.code import MissingCode, TaskCode
from runtime.catalog.folders import BUILT_IN
from runtime.catalog.python_system import PythonSystem, run_local
from runtime.catalog.workflow import Code, Workflow

__all__ = [
    "BUILT_IN",
    "Catalog",
    "Code",
    "MissingCode",
    "PythonSystem",
    "TaskCode",
    "Workflow",
    "run_local",
]
