"""Runs in PostgreSQL: the store of many machines."""
