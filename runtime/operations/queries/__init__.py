"""Everything that reads: lists, details, health, attention."""
