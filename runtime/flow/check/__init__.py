"""Checks of a flow: every problem at once, each with code, path and sentence."""
