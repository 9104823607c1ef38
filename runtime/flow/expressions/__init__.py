"""JavaScript conditions and templates, evaluated in QuickJS without I/O."""
