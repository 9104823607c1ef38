"""The workflows that ship with forkjoin, one folder each."""
