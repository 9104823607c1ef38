"""Everything an operator sees."""
