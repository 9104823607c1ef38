"""Wakes runs: alone on an embedded store, or as one worker of many."""
