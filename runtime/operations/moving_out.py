"""Whole stores as plain TinyDB JSON, out and in."""

from runtime.store.transfer import export_to, import_from

__all__ = ["export_to", "import_from"]
