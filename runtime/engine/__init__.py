"""The engine: pure decisions about runs, and the one module that performs them."""
