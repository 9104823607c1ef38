"""Scripted work that runs by the clock, for demos, rehearsals and tests."""
