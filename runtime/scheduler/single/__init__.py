"""One scheduler on an embedded store: the process, its driving lock, its alarm and its attached clients."""
