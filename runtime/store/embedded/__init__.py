"""The embedded store: TinyDB over rows of an SQLite file."""
