"""External systems: where the work of a task happens."""
