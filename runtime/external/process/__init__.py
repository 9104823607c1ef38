"""Local commands as external work."""
