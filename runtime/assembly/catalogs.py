"""Puts the catalog of workflows together: over which folders, with which external systems."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.assembly.lazy_systems import LazySystems
from runtime.assembly.location import directory_of

if TYPE_CHECKING:
    from runtime.catalog.catalog import Catalog
    from runtime.catalog.syntax import BoundTasks
    from runtime.external.base import ExternalSystem
    from runtime.settings import Settings


def make_catalog(
    settings: Settings, systems: LazySystems, *, names_targets: bool = True, runs_code: bool = True
) -> Catalog:
    """The workflows of the folders that are set.

    Without `names_targets` it does not say which target a task calls, which would load the systems of every run that
    is looked at. Without `runs_code` no tasks.py is run to find what it binds.
    """
    from runtime.catalog.catalog import Catalog
    from runtime.external.binding_checks import BindingChecks

    no_systems: Mapping[str, ExternalSystem] = {}
    return Catalog(
        [Path(folder) for folder in settings.workflows],
        binding_checks=BindingChecks(systems),
        systems=systems if names_targets else no_systems,
        examined_with=systems,
        probe=_probe if runs_code and not settings.read_only else None,
        threads_per_workflow=settings.threads_per_workflow,
        call_timeout_seconds=settings.call_timeout_seconds,
    )


def _probe(path: Path) -> BoundTasks:
    from runtime.catalog.probing import bound_by_running

    return bound_by_running(path)


def catalog_of(settings: Settings) -> Catalog:
    """The workflows of these settings, to be checked without a store."""
    from runtime.external.registry import Systems

    return make_catalog(settings, LazySystems(lambda: Systems(directory_of(settings))))
