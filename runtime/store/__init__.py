"""Stores of runs behind one small interface."""
