"""One of many workers on a PostgreSQL store: the queue, leased runs, shared limits, the leader."""
