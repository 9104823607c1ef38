"""The only place that picks concrete parts and puts them together."""
