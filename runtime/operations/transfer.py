"""Whole stores as plain TinyDB JSON, out and in."""

from runtime.model.damage import Damage
from runtime.store.transfer import WHOLE, export_to, import_from

__all__ = ["WHOLE", "Damage", "export_to", "import_from"]
