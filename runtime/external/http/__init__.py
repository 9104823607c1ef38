"""Work behind an HTTP API."""
