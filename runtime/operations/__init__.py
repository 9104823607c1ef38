"""All that a console, a command line or a script may ask of the runtime."""
