"""Calls to the outside world: the request of an action is built, made and its answer read and cleaned."""
