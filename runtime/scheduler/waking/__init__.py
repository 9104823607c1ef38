"""Moves due runs: the loop, its calls, their limits and results."""
