"""Finds workflows, keeps the version a run started with, and runs the code of authors in threads of its own."""
