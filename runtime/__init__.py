"""The durable fork-join runtime: usable alone, draws nothing."""
