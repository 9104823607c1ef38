"""Frozen records of runs, branches and what happened to them."""
