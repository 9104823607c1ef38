"""The forkjoin command line."""
