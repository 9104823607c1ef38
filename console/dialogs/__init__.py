"""Dialogs: the effect and the equal command are shown before an act."""
