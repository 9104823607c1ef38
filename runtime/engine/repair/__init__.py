"""What operators may do to a run and its branches: retry, skip, undo, adopt. Pure."""
